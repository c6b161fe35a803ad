"""Packs from files for `roadworthy law`: the shipped law, a folder, or a file in its place among the shipped."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound, RoadworthyError, Unusable
from roadworthy.law.condition import AllOf, AnyOf, Condition, FactRef, Not, Test
from roadworthy.law.diff import written
from roadworthy.law.edition import is_pack, pack_in, read_edition, shipped_texts
from roadworthy.law.model import Gate, Rule
from roadworthy.law.packs import Packs
from roadworthy.law.words import gives

SHIPPED = "shipped"
_PLACE = re.compile(r"(?P<file>.*?)(?: line (?P<line>\d+))?(?:: (?P<rule>.*))?", re.DOTALL)
_SIGNS = {"eq": "=", "ne": "is not", "ge": ">=", "gt": ">", "le": "<=", "lt": "<", "in": "is one of"}


def law_in(place: str) -> Mapping[str, Packs]:
    """Give the packs by question at `place`: the word "shipped", a folder, or one file.

    A folder with a vocabulary of its own stands alone; other packs take the place of the shipped packs of the same
    id. Raises NotFound, LawFileUnreadable, PackRefused.
    """
    return read_edition(texts_at(place))


def texts_at(place: str) -> dict[str, bytes]:
    """Give the files of the law at `place` by name, see `law_in`."""
    shipped = shipped_texts()
    if place == SHIPPED:
        return shipped
    path = Path(place)
    if not path.exists():
        raise NotFound(f"There is no file or folder {place}; name one, or write {SHIPPED}.")
    root = path if path.is_dir() else path.parent
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    own = {file.relative_to(root).as_posix(): file.read_bytes() for file in files}
    if not own:
        raise Unusable(f"{place} holds no .yaml file; name the folder of the packs.")
    calendars = {name: text for name, text in shipped.items() if name.startswith("calendars/")}
    if any(b"vocabulary/1" in text for text in own.values()):
        return calendars | {_under_packs(name): text for name, text in own.items()}
    return _overlaid(shipped, own)


def _under_packs(name: str) -> str:
    return name if name.startswith(("packs/", "calendars/")) else f"packs/{name}"


def _overlaid(shipped: Mapping[str, bytes], own: Mapping[str, bytes]) -> dict[str, bytes]:
    packs = [name for name in shipped if name.startswith("packs/") and is_pack(shipped[name], name)]
    replaced = {pack_in(text, name).id for name, text in own.items()}
    kept = {name: text for name, text in shipped.items() if name not in packs}
    kept |= {name: shipped[name] for name in packs if pack_in(shipped[name], name).id not in replaced}
    return kept | {_free(_under_packs(name), kept): text for name, text in own.items()}


def _free(name: str, taken: Mapping[str, bytes]) -> str:
    return f"packs/own/{name.removeprefix('packs/')}" if name in taken else name


def digest_of_file(place: str) -> str:
    """Give the digest of the pack in a file; whatever is no file is taken for a digest itself."""
    path = Path(place)
    return pack_in(path.read_bytes(), path.name).digest if path.is_file() else place


def refusal(error: RoadworthyError) -> dict[str, Any]:
    """Say where a pack was refused and what to write instead: file, line, rule, zh, en."""
    said = getattr(error, "text", None)
    text = said if isinstance(said, Text) else Text(error.message, error.message)
    found = _PLACE.fullmatch(error.at)
    place: dict[str, Any] = found.groupdict() if found and error.at else {"file": None, "line": None, "rule": None}
    return {**place, "zh": text.zh, "en": text.en}


def rules_named(packs: Mapping[str, Packs], word: str) -> Iterator[tuple[Packs, Rule]]:
    """Give every rule whose id, token, label, tier or outcome is `word`."""
    for about in packs.values():
        for pack in about.packs:
            for rule in pack.rules:
                names = {rule.id, *(getattr(rule, key, None) for key in ("token", "label", "tier", "outcome"))}
                if word in names:
                    yield about, rule


def explained(packs: Packs, rule: Rule) -> dict[str, Any]:
    """Write a rule for people: what it rests on, when it holds, and in what words it speaks."""
    found: dict[str, Any] = {
        "id": rule.id,
        "kind": type(rule).__name__,
        "title": rule.title.to_json(),
        "since": rule.since.isoformat(),
        "until": rule.until.isoformat() if rule.until else None,
        "when": in_words(rule.when),
        "condition": written(rule.when),
        "clauses": [_clause(packs, name) for name in rule.cites],
        **packs.doubt(rule),
    }
    if not isinstance(rule, Gate):
        found["gives"] = gives(rule)
    else:
        found["open"] = in_words(rule.open)
        found["hold"] = None if rule.hold is None else in_words(rule.hold)
        found |= {key: getattr(rule, key).to_json() for key in ("reason", "hold_reason", "fix")}
    return found


def _clause(packs: Packs, name: str) -> dict[str, Any]:
    clause = packs.clauses[name]
    instrument = packs.instruments[clause.instrument]
    said = {"authentic": instrument.authentic, "grade": clause.grade, "instrument": instrument.number}
    return {"id": name, "text": clause.text.to_json(), **said}


def in_words(condition: Condition) -> str:
    """Write a condition in a line."""
    match condition:
        case AllOf(()):
            return "always"
        case AnyOf(()):
            return "never"
        case AllOf(parts):
            return " and ".join(_inner(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(_inner(part) for part in parts)
        case Not(part):
            return f"not {_inner(part)}"
        case Test(fact, op, operand):
            return _compared(fact, op, operand)


def _inner(part: Condition) -> str:
    said = in_words(part)
    return f"({said})" if isinstance(part, AllOf | AnyOf) and len(part.parts) > 1 else said


def _compared(fact: str, op: str, operand: Any) -> str:
    if op == "empty":
        return f"{fact} is {'missing' if operand else 'given'}"
    if op == "intersects":
        return f"{fact} shares an entry with {operand}"
    if isinstance(operand, FactRef):
        return f"{fact} {_SIGNS[op]} {operand.fact}"
    values = operand if isinstance(operand, tuple) else (operand,)
    return f"{fact} {_SIGNS[op]} {', '.join(_value(value) for value in values)}"


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
