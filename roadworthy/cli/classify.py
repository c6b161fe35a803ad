"""`roadworthy classify --facts FILE -o json|table`: the classification of one facts file, without a server."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roadworthy.kernel.errors import Malformed, RoadworthyError
from roadworthy.kernel.time import SystemTime, parse_instant
from roadworthy.law import Answer, classify, load_packs
from roadworthy.law.facts import check_facts

MAX_BYTES = 8_000_000
OUTPUTS = ("json", "table")


class FactsUnreadable(Malformed):
    """The facts file cannot be read; it must hold one JSON object."""

    code = "facts.unreadable"


def classify_command(facts_path: Path, output: str) -> int:
    """Print the answer for one facts file; give the exit code: 0 open, 3 blocked or hold, 2 unusable input.

    The moment is the file's own `as_of`, else now. What is wrong with the input goes to standard error.
    """
    try:
        if output not in OUTPUTS:
            raise FactsUnreadable(f"there is no output {output!r}; use -o json or -o table.")
        facts = read_facts(facts_path)
        packs = load_packs()
        check_facts(facts, packs.vocabulary)
        as_of = facts.get("as_of")
        moment = parse_instant(as_of) if as_of is not None else SystemTime().now()
        answer = classify(facts, packs, moment)
    except RoadworthyError as error:
        print(f"roadworthy classify: {error.message}", file=sys.stderr)
        return 2
    print(as_json(answer) if output == "json" else as_table(answer))
    return 0 if answer.is_open else 3


def read_facts(path: Path) -> dict[str, Any]:
    """Read a facts file; raises FactsUnreadable for anything but one JSON object without doubled names."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FactsUnreadable(f"{path.name} is larger than {MAX_BYTES:,} bytes; classify one upgrade at a time.")
        facts = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant)
    except OSError as error:
        raise FactsUnreadable(f"{path.name} cannot be opened: {error.strerror}; check the path.") from error
    except UnicodeDecodeError as error:
        raise FactsUnreadable(f"{path.name} is not UTF-8 text; save it as UTF-8 JSON.") from error
    except json.JSONDecodeError as error:
        raise FactsUnreadable(f"{path.name} is not JSON: {error}; correct it there.") from error
    except ValueError as error:
        raise FactsUnreadable(f"{path.name} holds a number that is too long; correct it.") from error
    except RecursionError as error:
        raise FactsUnreadable(f"{path.name} is nested too deeply; write plain facts.") from error
    if not isinstance(facts, dict):
        raise FactsUnreadable(f"{path.name} holds no JSON object; write the facts as one object.")
    return facts


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FactsUnreadable(f"the fact {twice} stands twice; keep one.")
    return made


def _constant(text: str) -> Any:
    raise FactsUnreadable(f"{text} is no JSON number; write a number or null.")


def as_json(answer: Answer) -> str:
    """Write the answer as JSON, the same bytes for the same answer."""
    return json.dumps(answer.to_json(), ensure_ascii=False, indent=1, sort_keys=True)


def as_table(answer: Answer) -> str:
    """Write the answer for a terminal: one block per model, one line per gate."""
    lines = [f"decision: {answer.decision}" + ("   (a split is suggested)" if answer.split_suggested else "")]
    for model in answer.models:
        lines += ["", *_model_lines(model)]
    lines += [f"due {row['due_at']}  {row['rule']}  {row['title']['en']}" for row in answer.timers]
    return "\n".join(lines)


def _model_lines(model: Mapping[str, Any]) -> list[str]:
    what = model["outcome"] or ", ".join(model["labels"]) or "not settled"
    lines = [f"{model['model_code'] or '(no model)'}: {model['decision']}  {what}  tier {model['tier'] or '-'}"]
    rows = [(g, g.get("state", "open")) for g in (*model["gates_blocked"], *model["gates_open"])]
    lines += [f"  {state:8}{g['token']:15}{g['citation']:28}{g['reason']}" for g, state in rows]
    lines += [f"  missing {name}" for name in model["missing_facts"]]
    lines += [f"  would change: {_flip(row)} -> {row['decision']}" for row in model["what_would_change"]]
    lines += [f"  warning {row['rule']}: {row['text']}" for row in model["warnings"]]
    return lines


def _flip(row: Mapping[str, Any]) -> str:
    together = [row, *row.get("with", [])]
    return ", ".join(f"{step['fact']} = {json.dumps(step['to'], ensure_ascii=False)}" for step in together)
