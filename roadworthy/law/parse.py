"""From the plain value of a `rulepack/1` file to a `Pack`; refuses whatever stands there wrongly or not at all."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypedDict, TypeVar

from roadworthy.kernel.decision import Text
from roadworthy.kernel.event import digest_of
from roadworthy.law.condition import ALWAYS, Condition
from roadworthy.law.fields import Fields, PackRefused
from roadworthy.law.model import (
    UPGRADE,
    Ambiguity,
    Clause,
    Deferral,
    Example,
    Gate,
    Instrument,
    LabelRule,
    OutcomeRule,
    Pack,
    Rule,
    TierRule,
    TimerRule,
    WarningRule,
)

KINDS = ("notice", "regulation", "standard", "law", "draft", "company")
GRADES = ("P", "S", "M", "I", "C")
STATUSES = ("draft", "in_review", "approved", "retired")

R = TypeVar("R")


class _Common(TypedDict):
    id: str
    cites: tuple[str, ...]
    since: date
    until: date | None
    title: Text
    when: Condition


def read_pack(raw: Any, place: str) -> Pack:
    """Read a pack; raises PackRefused naming pack, rule and what to do."""
    fields = Fields(raw, place)
    fields.one_of("schema", ("rulepack/1",))
    pack_id = fields.take("id", str)
    fields.place = pack_id
    instruments = _by_id(fields, "instruments", _instrument)
    clauses = _by_id(fields, "clauses", _clause)
    for clause in clauses.values():
        if clause.instrument not in instruments:
            raise PackRefused(f"{pack_id}: clause {clause.id}: unknown instrument {clause.instrument!r}; declare it.")
    pack = Pack(
        id=pack_id,
        version=fields.take("version", str),
        digest=digest_of(raw),
        title=fields.text("title"),
        jurisdiction=fields.take("jurisdiction", str),
        status=fields.one_of("status", STATUSES),
        verified_by=fields.nullable("verified_by"),
        instruments=instruments,
        clauses=clauses,
        ambiguities=_by_id(fields, "ambiguities", _ambiguity),
        outcomes=_list(fields, "outcomes", _outcome),
        labels=_list(fields, "labels", _label),
        tiers=_list(fields, "tiers", _tier),
        gates=_list(fields, "gates", _gate),
        deferrals=_list(fields, "deferrals", _deferral),
        warnings=_list(fields, "warnings", _warning),
        timers=_list(fields, "timers", _timer),
        examples=_list(fields, "examples", _example),
    )
    fields.done()
    return pack


def _by_id(fields: Fields, key: str, read: Callable[[str, Fields], R]) -> dict[str, R]:
    found: dict[str, R] = {}
    for name, raw in fields.take(key, dict, {}).items():
        inner = Fields(raw, f"{fields.place}: {key} {name}")
        found[name] = read(name, inner)
        inner.done()
    return found


def _list(fields: Fields, key: str, read: Callable[[Fields], R]) -> tuple[R, ...]:
    found = []
    for place, raw in enumerate(fields.take(key, list, [])):
        inner = Fields(raw, f"{fields.place}: {key}[{place}]")
        found.append(read(inner))
        inner.done()
    return tuple(found)


def _instrument(name: str, fields: Fields) -> Instrument:
    issued, in_force, until = fields.day("issued"), fields.day("in_force"), fields.day("until", None)
    return Instrument(
        id=name,
        kind=fields.one_of("kind", KINDS),
        number=fields.take("number", str),
        title=fields.text("title"),
        issuer=fields.take("issuer", str),
        issued=date.fromisoformat(str(issued)),
        in_force=date.fromisoformat(str(in_force)),
        until=date.fromisoformat(until) if until else None,
        url=fields.take("url", str, ""),
        authentic=fields.take("authentic", bool),
        verified_by=fields.nullable("verified_by"),
    )


def _clause(name: str, fields: Fields) -> Clause:
    return Clause(name, fields.take("instrument", str), fields.one_of("grade", GRADES), fields.text("text"))


def _ambiguity(name: str, fields: Fields) -> Ambiguity:
    raw = Fields(fields.take("options", dict), f"{fields.place}: options")
    options = {option: raw.text(option) for option in list(raw.names())}
    found = Ambiguity(
        name, fields.text("question"), options, fields.take("default", str), fields.take("selectable", bool, False)
    )
    if found.default not in options:
        raise PackRefused(f"{fields.place}: the default {found.default!r} is none of its options; name one.")
    return found


def _common(fields: Fields, *, name: str = "", always: bool = False) -> _Common:
    rule = name or fields.take("id", str)
    fields.place = f"{fields.place.split(':')[0]}: {rule}"
    cites = fields.words("cites")
    if not cites:
        raise PackRefused(f"{fields.place}: cites no clause; name at least one.")
    since, until = fields.day("since", "0001-01-01"), fields.day("until", None)
    return {
        "id": rule,
        "cites": cites,
        "since": date.fromisoformat(str(since)),
        "until": date.fromisoformat(until) if until else None,
        "title": fields.text("title"),
        "when": fields.condition("when", ALWAYS) if always else fields.condition("when"),
    }


def _outcome(fields: Fields) -> OutcomeRule:
    return OutcomeRule(**_common(fields), outcome=fields.take("outcome", str))


def _label(fields: Fields) -> LabelRule:
    return LabelRule(**_common(fields), label=fields.take("label", str), alone=fields.take("alone", bool, False))


def _tier(fields: Fields) -> TierRule:
    return TierRule(**_common(fields), tier=fields.nullable("tier"))


def _gate(fields: Fields) -> Gate:
    token = fields.take("token", str)
    common = _common(fields, name=token, always=True)
    hold = fields.maybe_condition("hold")
    reason = fields.text("reason")
    return Gate(
        **common,
        token=token,
        under=fields.words("under", [UPGRADE]),
        open=fields.condition("open"),
        hold=hold,
        reason=reason,
        hold_reason=fields.text("hold_reason") if hold is not None else reason,
        fix=fields.text("fix"),
    )


def _deferral(fields: Fields) -> Deferral:
    return Deferral(**_common(fields), tokens=fields.words("tokens"))


def _warning(fields: Fields) -> WarningRule:
    return WarningRule(**_common(fields), text=fields.text("text"))


def _timer(fields: Fields) -> TimerRule:
    return TimerRule(
        **_common(fields),
        start=fields.take("start", str),
        by=fields.take("by", int),
        unit=fields.one_of("unit", ("working_day", "month", "day")),
        recur=fields.take("recur", bool, False),
        end=fields.take("end", str, ""),
    )


def _example(fields: Fields) -> Example:
    return Example(
        name=fields.take("name", str),
        as_of=date.fromisoformat(str(fields.day("as_of"))),
        given=fields.take("given", dict, {}),
        absent=fields.words("absent", []),
        expect=fields.take("expect", dict),
    )


def effective(rule: Rule, instruments: list[Instrument], place: str) -> date:
    """Give the first day of `rule`: its own, or when the first cited instrument came into force.

    Raises PackRefused when it is dated before its instruments were issued or after they ended.
    """
    if rule.since == date.min:
        return min(i.in_force for i in instruments)
    if rule.since < min(i.issued for i in instruments):
        raise PackRefused(f"{place}: in force since {rule.since}, before its instrument was issued; correct the date.")
    ends = [i.until for i in instruments if i.until is not None]
    if len(ends) == len(instruments) and (rule.until is None or rule.until > max(ends)):
        raise PackRefused(f"{place}: outlives its instrument, which ended {max(ends)}; give it an end.")
    return rule.since
