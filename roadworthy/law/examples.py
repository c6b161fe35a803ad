"""Run the examples inside packs: worked situations that a lawyer can read and the loader insists on."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.time import BEIJING
from roadworthy.law.answer import Answer
from roadworthy.law.classify import classify
from roadworthy.law.duties import DutyAnswer, duties_of
from roadworthy.law.fields import PackRefused
from roadworthy.law.model import Example, Pack
from roadworthy.law.packs import APPROVED, SHADOW, Packs
from roadworthy.law.vocabulary import Vocabulary


def facts_of(example: Example, vocabulary: Vocabulary) -> dict[str, Any]:
    """Give the specimen with the example's changes, by fact name, and without its absent facts."""
    facts: dict[str, Any] = deepcopy(dict(vocabulary.specimen))
    for name, value in example.given.items():
        place, last = _place(facts, name, vocabulary)
        place[last] = value
    for name in example.absent:
        place, last = _place(facts, name, vocabulary)
        place.pop(last, None)
    return facts


def _place(facts: dict[str, Any], name: str, vocabulary: Vocabulary) -> tuple[dict[str, Any], str]:
    here = facts
    *path, last = name.split(".")
    for step in path:
        here = here[vocabulary.subjects][0] if step == f"{vocabulary.subjects}[]" else here.setdefault(step, {})
    return here, last


def run_example(example: Example, packs: Packs) -> list[str]:
    """Give what differs from the example's expectation; nothing when it holds."""
    moment = datetime.combine(example.as_of, time(12), BEIJING)
    facts, reading = facts_of(example, packs.vocabulary), packs.reading(example.readings)
    checks: Mapping[str, Callable[[Any, Any], str]]
    answer: Answer | DutyAnswer
    if packs.vocabulary.subjects:
        answer, checks = classify(facts, reading, moment), _CHECKS
    else:
        answer, checks = duties_of(facts, reading, moment), _DUTY_CHECKS
    problems = []
    known = {r.id for p in packs.packs for r in p.duties} | {r.token for p in packs.packs for r in p.gates}
    for key, wanted in example.expect.items():
        strange = sorted(set(wanted) - known) if key in ("absent", "not_required") and isinstance(wanted, list) else []
        if strange:
            problems.append(f"{key} names {', '.join(strange)}, which no pack declares")
        elif key not in checks:
            problems.append(f"{key} is no expectation; use one of {', '.join(checks)}")
        elif problem := checks[key](answer, wanted):
            problems.append(problem)
    return problems


def check_examples(pack: Pack, packs: Packs) -> None:
    """Refuse a pack without examples or with one that does not hold; the pack counts as approved for that."""
    if (pack.gates or pack.duties) and not pack.examples:
        en = "has no examples; add at least one per gate or duty that matters"
        raise PackRefused(pack.id, en, "没有示例,请为重要的放行条件或义务各写一例")
    if pack.status not in (APPROVED, SHADOW):  # a draft must hold as it would when it is approved
        packs = replace(packs, packs=tuple(replace(p, status=APPROVED) if p is pack else p for p in packs.packs))
    for example in pack.examples:
        try:
            problems = run_example(example, packs)
        except Unusable as error:
            problems = [error.message]
        if problems:
            said = "; ".join(problems)
            en = f"example {example.name!r}: {said}. Correct rule or example"
            raise PackRefused(example.place, en, f"示例{example.name!r}不符:{said}。请改正规则或示例")


def _tokens(answer: Answer, *keys: str) -> set[str]:
    return {gate["token"] for key in keys for gate in answer.models[0][key]}


def _equal(key: str) -> Callable[[Answer, Any], str]:
    def check(answer: Answer, wanted: Any) -> str:
        found = answer.models[0][key]
        return "" if found == wanted else f"{key} is {found!r}, wanted {wanted!r}"

    return check


def _labels(answer: Answer, wanted: Any) -> str:
    found = answer.models[0]["labels"]
    return "" if sorted(found) == sorted(wanted) else f"labels are {found}, wanted {wanted}"


def _within(name: str, found: Callable[[Answer], set[str]]) -> Callable[[Answer, Any], str]:
    def check(answer: Answer, wanted: Any) -> str:
        lacking = sorted(set(wanted) - found(answer))
        return f"{name} lacks {', '.join(lacking)}" if lacking else ""

    return check


def _not_required(answer: Answer, unwanted: Any) -> str:
    present = sorted(set(unwanted) & _tokens(answer, "gates_open", "gates_blocked"))
    return f"{', '.join(present)} must not be required" if present else ""


def _timers(answer: Answer, wanted: Any) -> str:
    found = {(row["rule"], row["due_at"]) for row in answer.timers}
    lacking = set(wanted.items()) - found
    return f"timers lack {_pairs(lacking)}; have {_pairs(found) or 'none'}" if lacking else ""


def _pairs(rows: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{rule} {at or 'not dated'}" for rule, at in sorted(rows, key=repr))


_CHECKS: Mapping[str, Callable[[Answer, Any], str]] = {
    "outcome": _equal("outcome"),
    "tier": _equal("tier"),
    "decision": _equal("decision"),
    "labels": _labels,
    "required": _within("required gates", lambda a: _tokens(a, "gates_open", "gates_blocked")),
    "blocked": _within("gates that are not open", lambda a: _tokens(a, "gates_blocked")),
    "missing": _within("missing facts", lambda a: set(a.models[0]["missing_facts"])),
    "warnings": _within("warnings", lambda a: {row["rule"] for row in a.models[0]["warnings"]}),
    "not_required": _not_required,
    "timers": _timers,
    "upcoming": _within("upcoming", lambda a: {row["rule"] for row in a.models[0]["upcoming"]}),
}


def _rows(rows: str) -> Callable[[DutyAnswer, Any], str]:
    def check(answer: DutyAnswer, wanted: Any) -> str:
        found = {(row["rule"], row["due_at"]) for row in getattr(answer, rows)}
        pairs = [(rule, at) for rule, times in wanted.items() for at in (times if isinstance(times, list) else [times])]
        lacking = [pair for pair in pairs if pair not in found]
        return f"{rows} lack {_pairs(lacking)}; have {_pairs(found) or 'none'}" if lacking else ""

    return check


def _absent(answer: DutyAnswer, unwanted: Any) -> str:
    present = sorted(set(unwanted) & {row["rule"] for row in answer.duties})
    return f"{', '.join(present)} must not be owed" if present else ""


def _owed(answer: DutyAnswer, wanted: Any) -> str:
    lacking = sorted(set(wanted) - {row["rule"] for row in answer.duties})
    return f"{', '.join(lacking)} must be owed" if lacking else ""


def _flag(key: str) -> Callable[[DutyAnswer, Any], str]:
    def check(answer: DutyAnswer, wanted: Any) -> str:
        lacking = sorted(set(wanted) - {row["rule"] for row in answer.duties if row[key]})
        return f"{key} lacks {', '.join(lacking)}" if lacking else ""

    return check


def _duties_missing(answer: DutyAnswer, wanted: Any) -> str:
    lacking = sorted(set(wanted) - set(answer.missing_facts))
    return f"missing facts lack {', '.join(lacking)}" if lacking else ""


def _quiet(answer: DutyAnswer, wanted: Any) -> str:
    return "" if answer.is_quiet is wanted else f"quiet is {answer.is_quiet}, wanted {wanted}"


def _follow_up(answer: DutyAnswer, wanted: Any) -> str:
    return "" if answer.follow_up == wanted else f"follow_up is {answer.follow_up!r}, wanted {wanted!r}"


_DUTY_CHECKS: Mapping[str, Callable[[DutyAnswer, Any], str]] = {
    "duties": _rows("duties"),
    "possible": _rows("possible"),
    "owed": _owed,
    "absent": _absent,
    "late": _flag("late_at_knowledge"),
    "provisional": _flag("provisional"),
    "missing": _duties_missing,
    "quiet": _quiet,
    "follow_up": _follow_up,
}
