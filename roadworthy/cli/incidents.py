"""`roadworthy incident due` and `roadworthy recall due`: which reports are owed by when, from a facts file, offline."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.classify import OUTPUTS, FactsUnreadable, read_facts
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.kernel.time import SystemTime, parse_instant
from roadworthy.law import load_packs
from roadworthy.law.duties import DutyAnswer, duties_of
from roadworthy.law.facts import check_facts

incident = typer.Typer(no_args_is_help=True)
recall = typer.Typer(no_args_is_help=True)

Facts = typer.Option(..., "--facts", help="JSON file with the facts of one event.")
Output = typer.Option("table", "-o", "--output", help="json or table.")
Reading = typer.Option([], "--reading", help="Another reading of an open question, as Q-04=any_related; repeatable.")


@incident.callback()
def _incident() -> None:
    """Incidents: what is owed by when."""


@recall.callback()
def _recall() -> None:
    """Recalls: what is owed by when."""


@incident.command("due")
def incident_due(
    facts: Path = Facts,
    output: str = Output,
    profile: str = typer.Option("strict", help="Reading of the 24 h / 48 h question (Q-01): strict or split."),
    reading: list[str] = Reading,
) -> None:
    """Say which reports an incident needs, to whom and by when: exit 0 none, 3 some or a fact is missing."""
    raise typer.Exit(duties_command("incident", facts, output, [f"Q-01={profile}", *reading]))


@recall.command("due")
def recall_due(facts: Path = Facts, output: str = Output, reading: list[str] = Reading) -> None:
    """Say which papers a recall needs, to whom and by when: exit 0 none, 3 some or a fact is missing."""
    raise typer.Exit(duties_command("recall", facts, output, reading))


def duties_command(about: str, facts_path: Path, output: str, readings: list[str]) -> int:
    """Print what is owed for one facts file; give the exit code: 0 nothing, 3 something or a fact missing, 2 unusable.

    What is wrong with the input goes to standard error.
    """
    try:
        if output not in OUTPUTS:
            raise FactsUnreadable(f"there is no output {output!r}; use -o json or -o table.")
        facts = read_facts(facts_path)
        packs = load_packs(about=about).reading(_choices(readings))
        check_facts(facts, packs.vocabulary)
        as_of = facts.get("as_of")
        moment = parse_instant(as_of) if as_of is not None else SystemTime().now()
        answer = duties_of(facts, packs, moment)
    except RoadworthyError as error:
        print(f"roadworthy {about} due: {error.message}", file=sys.stderr)
        return 2
    text = json.dumps(answer.to_json(), ensure_ascii=False, indent=1, sort_keys=True)
    print(text if output == "json" else as_table(answer))
    return 0 if answer.is_quiet else 3


def _choices(readings: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in readings]
    wrong = [text for text, (_, sign, option) in zip(readings, pairs, strict=True) if not (sign and option)]
    if wrong:
        raise FactsUnreadable(f"the reading {wrong[0]!r} is not QUESTION=OPTION; write it like Q-04=any_related.")
    return {question: option for question, _, option in pairs}


def as_table(answer: DutyAnswer) -> str:
    """Write the answer for a terminal: one line a duty, the doubts below it."""
    lines = [_line(row) for row in answer.duties] or [_none_certain(answer)]
    lines += [f"POSSIBLE {_line(row)}  IF {', '.join(row['missing_facts'])}" for row in answer.possible]
    lines += [f"missing {name}" for name in answer.missing_facts]
    return "\n".join([*lines, *([f"follow-up: {answer.follow_up}"] if answer.follow_up else [])])


def _none_certain(answer: DutyAnswer) -> str:
    if answer.is_quiet:
        return "no further report is owed" if answer.follow_up else "nothing is owed"
    return "not settled: no report is certain yet, but facts are missing and a duty may run already"


def _line(row: Mapping[str, Any]) -> str:
    flags = [word for key, word in _FLAGS.items() if row.get(key)]
    flags += [] if row["verified"] else [f"not verified (grade {row['grade']})"]
    other = f"  or {row['alternative_due_at']} from knowledge" if row["alternative_due_at"] else ""
    due, to = row["due_at"] or "not known yet", ", ".join(row["recipients"])
    return f"due {due}  {row['rule']:13}{to:12}{row['title']['en']} [{row['citation']}]{other}  {'; '.join(flags)}"


_FLAGS = {
    "late_at_knowledge": "ALREADY LATE when known: send now",
    "provisional": "provisional",
    "escalation": "escalated",
}
