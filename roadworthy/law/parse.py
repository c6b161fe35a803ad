"""From the plain value of a `rulepack/1` file to a `Pack`; refuses whatever stands there wrongly or not at all."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, TypedDict, TypeVar

from roadworthy.kernel.decision import Text
from roadworthy.kernel.event import digest_of
from roadworthy.law.condition import ALWAYS, Condition
from roadworthy.law.fields import Fields, PackRefused, Place
from roadworthy.law.model import (
    UPGRADE,
    Ambiguity,
    Clause,
    Deferral,
    Due,
    Duty,
    Every,
    Example,
    FollowUp,
    Gate,
    Instrument,
    LabelRule,
    OutcomeRule,
    Pack,
    Reminder,
    Rule,
    TierRule,
    WarningRule,
)

KINDS = ("notice", "regulation", "standard", "law", "draft", "company")
GRADES = ("P", "S", "M", "I", "C")
STATUSES = ("draft", "in_review", "shadow", "approved", "superseded", "retired")
QUESTIONS = ("upgrade", "incident", "recall")
BASES = ("occurrence", "knowledge", "determination", "filing", "start", "completion", "release")
UNITS = ("hour", "day", "working_day", "month")

ROLES = (
    "administrator", "release_engineer", "release_manager", "compliance_officer", "homologation_officer",
    "safety_engineer", "recall_manager", "incident_officer", "auditor",
)  # fmt: skip
MOST_AMOUNT, MOST_TIMES = 9999, 400

_AT = re.compile(r"(0|[1-9][0-9]?)%|-[1-9][0-9]{0,3}h|due")
_WORD = re.compile(r"[!-~]{1,64}")  # what a clock can carry in its event

R = TypeVar("R")


class _Common(TypedDict):
    id: str
    cites: tuple[str, ...]
    since: date
    until: date | None
    title: Text
    when: Condition
    place: Place


def read_pack(raw: Any, file: str) -> Pack:
    """Read a pack; raises PackRefused naming file, line, rule and what to do."""
    fields = Fields(raw, Place(file))
    fields.one_of("schema", ("rulepack/1",))
    pack_id = fields.take("id", str)
    fields.place = fields.place.of(pack_id)
    instruments = _by_id(fields, "instruments", _instrument)
    clauses = _by_id(fields, "clauses", _clause)
    calendar = fields.take("calendar", str, "cn")
    reminders = _reminders(fields, ())
    pack = Pack(
        id=pack_id,
        version=fields.take("version", str),
        digest=digest_of(raw),
        about=fields.one_of("about", QUESTIONS),
        title=fields.text("title"),
        jurisdiction=fields.take("jurisdiction", str),
        status=fields.one_of("status", STATUSES),
        author=fields.nullable("author") if fields.has("author") else None,
        supersedes=fields.nullable("supersedes") if fields.has("supersedes") else None,
        verified_by=fields.nullable("verified_by"),
        calendar=calendar,
        instruments=instruments,
        clauses=clauses,
        ambiguities=_by_id(fields, "ambiguities", _ambiguity),
        outcomes=_list(fields, "outcomes", _outcome),
        labels=_list(fields, "labels", _label),
        tiers=_list(fields, "tiers", _tier),
        gates=_list(fields, "gates", _gate),
        deferrals=_list(fields, "deferrals", _deferral),
        warnings=_list(fields, "warnings", _warning),
        duties=_list(fields, "duties", lambda inner: _duty(inner, calendar, reminders)),
        follow_ups=_list(fields, "follow_ups", _follow_up),
        examples=_list(fields, "examples", _example),
    )
    fields.done()
    return pack


def _by_id(fields: Fields, key: str, read: Callable[[str, Fields], R]) -> dict[str, R]:
    found: dict[str, R] = {}
    table = fields.take(key, dict, {})
    for name, raw in table.items():
        inner = Fields(raw, fields.where(key).at(table, name).of(name))
        found[name] = read(name, inner)
        inner.done()
    return found


def _list(fields: Fields, key: str, read: Callable[[Fields], R]) -> tuple[R, ...]:
    found = []
    for number, raw in enumerate(fields.take(key, list, [])):
        inner = Fields(raw, fields.where(key).of(f"{key}[{number}]"))
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
        source_sha256=fields.nullable("source_sha256") if fields.has("source_sha256") else None,
        authentic=fields.take("authentic", bool),
        verified_by=fields.nullable("verified_by"),
    )


def _clause(name: str, fields: Fields) -> Clause:
    grade = fields.one_of("grade", GRADES)
    return Clause(name, fields.take("instrument", str), grade, fields.text("text"), fields.place)


def _ambiguity(name: str, fields: Fields) -> Ambiguity:
    raw = fields.inner("options")
    options = {option: raw.text(option) for option in list(raw.names())}
    found = Ambiguity(
        name,
        fields.text("question"),
        options,
        fields.take("default", str),
        fields.take("selectable", bool, False),
        fields.place,
    )
    if found.default not in options:
        en = f"{found.default!r} is none of its options; name one"
        raise fields.refuse("default", en, f"{found.default!r}不在选项之中,请选一个")
    return found


def _common(fields: Fields, *, name: str = "", always: bool = False) -> _Common:
    rule = name or fields.take("id", str)
    fields.place = fields.place.of(rule)
    cites = fields.words("cites")
    if not cites:
        raise PackRefused(fields.where("cites"), "cites no clause; name at least one", "未引用条款,请至少写一条")
    since, until = fields.day("since", "0001-01-01"), fields.day("until", None)
    return {
        "id": rule,
        "cites": cites,
        "since": date.fromisoformat(str(since)),
        "until": date.fromisoformat(until) if until else None,
        "title": fields.text("title"),
        "when": fields.condition("when", ALWAYS) if always else fields.condition("when"),
        "place": fields.place,
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


def _duty(fields: Fields, calendar: str, reminders: tuple[Reminder, ...]) -> Duty:
    common = _common(fields)
    report = fields.take("report", str)
    for key, word in (("id", common["id"]), ("report", report)):
        if not _WORD.fullmatch(word):
            en = f"is {word!r}; write 1 to 64 ASCII characters without spaces, its clock carries it"
            raise fields.refuse(key, en, f"是{word!r},应为1至64个ASCII字符且无空格(时钟将使用它)")
    return Duty(
        **common,
        report=report,
        recipients=fields.words("to"),
        due=_due(fields.inner("due"), calendar),
        reminders=_reminders(fields, reminders),
    )


def _due(fields: Fields, calendar: str) -> Due:
    fixed = fields.day("on", None)
    basis = "" if fixed else fields.one_of("basis", BASES)
    ways = [key for key in ("after", "before", "day_of_next_month", "every") if fields.has(key)]
    if bool(fixed) == bool(ways) or len({"after", "before", "day_of_next_month"} & set(ways)) > 1:
        en = "says no single time; write one of on, after, before, day_of_next_month, every"
        raise PackRefused(
            fields.place, f"due {en}", "due未写明唯一的时间,请写on、after、before、day_of_next_month或every之一"
        )
    amount, unit = 0, "day"
    if fields.has("day_of_next_month"):
        amount, unit = fields.number("day_of_next_month", 1, 31), "day_of_next_month"
    elif fields.has("after") or fields.has("before"):
        unit = fields.one_of("unit", UNITS)
        amount = (
            fields.number("after", 0, MOST_AMOUNT) if fields.has("after") else -fields.number("before", 1, MOST_AMOUNT)
        )
    if unit == "hour" and (fields.has("every") or fields.has("roll")):
        en, zh = (
            "counts hours, which neither repeat nor roll; count days, or drop every and roll",
            "按小时计不能重复或顺延,请按日计",
        )
        raise PackRefused(fields.place, f"due {en}", f"due{zh}")
    due = Due(
        basis,
        amount,
        unit,
        date.fromisoformat(fixed) if fixed else None,
        fields.take("calendar", str, calendar),
        fields.one_of("roll", ("next", "previous")) if fields.has("roll") else "",
        _every(fields.inner("every")) if fields.has("every") else None,
    )
    fields.done()
    return due


def _every(fields: Fields) -> Every:
    every = Every(
        fields.number("amount", 1, MOST_AMOUNT),
        fields.one_of("unit", ("day", "month", "quarter")),
        fields.one_of("until", BASES) if fields.has("until") else "",
        fields.number("times", 1, MOST_TIMES) if fields.has("times") else 0,
    )
    if bool(every.until) == bool(every.times):
        en = "every runs either until a base or so many times; give one of until and times"
        raise PackRefused(fields.place, en, "every须写until或times之一")
    fields.done()
    return every


def _reminders(fields: Fields, default: tuple[Reminder, ...]) -> tuple[Reminder, ...]:
    if not fields.has("reminders"):
        return default
    place, found = fields.where("reminders"), _list(fields, "reminders", _reminder)
    twice = [one.at for number, one in enumerate(found) if one.at in [other.at for other in found[:number]]]
    if twice:
        raise PackRefused(place, f"the reminder {twice[0]} stands twice; keep one", f"提醒{twice[0]}重复,请保留一个")
    return found


def _reminder(fields: Fields) -> Reminder:
    at = fields.take("at", str)
    if not _AT.fullmatch(at):
        en, zh = f"is {at!r}; write a share (50%), a span before the end (-4h), or due", f"是{at!r},应为50%、-4h或due"
        raise fields.refuse("at", en, zh)
    roles = fields.words("to")
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        en = f"names the role {unknown[0]!r}" if unknown else "names nobody"
        zh = f"含未知角色{unknown[0]!r}" if unknown else "为空"
        raise fields.refuse("to", f"{en}; use {', '.join(ROLES)}", f"{zh},可用:{'、'.join(ROLES)}")
    return Reminder(at, roles, fields.take("escalate", bool, False))


def _follow_up(fields: Fields) -> FollowUp:
    return FollowUp(**_common(fields), follow_up=fields.take("follow_up", str))


def _example(fields: Fields) -> Example:
    return Example(
        name=fields.take("name", str),
        as_of=date.fromisoformat(str(fields.day("as_of"))),
        given=fields.take("given", dict, {}),
        absent=fields.words("absent", []),
        readings=fields.take("readings", dict, {}),
        expect=fields.take("expect", dict),
        place=fields.place,
    )


def effective(rule: Rule, instruments: list[Instrument]) -> date:
    """Give the first day of `rule`: its own, or when the first cited instrument came into force.

    Raises PackRefused when it is dated before its instruments were issued or after they ended.
    """
    since = min(i.in_force for i in instruments) if rule.since == date.min else rule.since
    if rule.until is not None and rule.until <= since:
        en = f"ends {rule.until}, not after it begins {since}, so it never counts; correct since or until"
        raise PackRefused(rule.place, en, f"失效日{rule.until}不晚于生效日{since},规则从不生效,请改正since或until")
    if since < min(i.issued for i in instruments):
        en = f"in force since {rule.since}, before its instrument was issued; correct the date"
        raise PackRefused(rule.place, en, f"自{rule.since}起生效,早于所引文件的发布日,请改正日期")
    ends = [i.until for i in instruments if i.until is not None]
    if len(ends) == len(instruments) and (rule.until is None or rule.until > max(ends)):
        en = f"outlives its instrument, which ended {max(ends)}; give it an end"
        raise PackRefused(rule.place, en, f"超过所引文件的失效日{max(ends)},请写until")
    return since
