"""How clocks stand, and when reminders are given, in words."""

from collections.abc import Mapping
from datetime import datetime

from roadworthy.clocks.model import DUE, Plan
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import BEIJING
from roadworthy.webui.spans import amount, counted
from roadworthy.webui.words import N_, Word

STANDING: Mapping[str, Word] = {
    "overdue": Word("✕", N_("Overdue"), "bad"),
    "due_soon": Word("!", N_("Due soon"), "warn"),
    "running": Word("▶", N_("Running"), "info"),
    "met": Word("✓", N_("Met in time"), "ok"),
    "met_late": Word("▲", N_("Met late"), "bad"),
    "unknown_provisional": Word("?", N_("Met; in time is not known yet"), "warn"),
    "cancelled": Word("⊘", N_("Fell away"), "idle"),
    "superseded": Word("↻", N_("Corrected"), "idle"),
}

# While nobody watches the clocks, a clock that runs is not shown as one that is well.
UNWATCHED = Word("?", N_("Running, not watched"), "warn")

TIMER: Mapping[str, Word] = {
    "pending": Word("○", N_("To come"), "idle"),
    "fired": Word("✓", N_("Given"), "ok"),
    "cancelled": Word("⊘", N_("Fell away"), "idle"),
}

_UNITS = {"m": "minute", "h": "hour", "d": "day"}
_CALENDARS = {"cn": Text("中国工作日历", "the Chinese calendar"), "us": Text("美国工作日历", "the US calendar")}


def reminder_words(kind: str) -> Text:
    """Say when a reminder of this kind is given; a kind of another form is shown as it is."""
    if kind == DUE:
        return Text("到期时", "when the time is over")
    if kind.endswith("%"):
        return Text(f"时间已过 {kind[:-1]} %", f"{kind[:-1]} % of the time is over")
    if kind[:1] in "+-" and kind[-1:] in _UNITS and kind[1:-1].isdecimal():
        how = amount(int(kind[1:-1]), _UNITS[kind[-1]])
        if kind.startswith("-"):
            return Text(f"到期前 {how.zh}", f"{how.en} before the end")
        return Text(f"逾期 {how.zh}后", f"{how.en} after the end")
    return Text(kind, kind)


def occasion_words(occasion: str) -> Text:
    """Say which of several times of one duty this is."""
    kind, _, number = occasion.partition(" ")
    return Text(f"第 {number} 期", occasion) if kind == "period" and number.isdecimal() else Text(occasion, occasion)


def recipe_words(plan: Plan) -> tuple[Text, ...]:
    """Say, one sentence a line, how the due time of a plan was counted."""
    said = [_counting(plan)]
    if plan.late_at_knowledge:
        said.append(
            Text(
                "自发生起算的时间在企业获知前已过，因此获知时立即到期。",
                "The time from the event was over before the company knew, so it was due at once.",
            )
        )
    if plan.provisional:
        said.append(
            Text(
                "该年度工作日安排尚未公布：所示为最早可能的到期时间，公布后重新计算。",
                "The working days of that year are not published: this is the earliest possible end.",
            )
        )
    return tuple(said)


def _counting(plan: Plan) -> Text:
    recipe = plan.recipe
    if {"amount", "unit", "start"} <= recipe.keys():
        start = str(recipe["start"])
        count = recipe["amount"]
        how = counted(
            count if isinstance(count, int) else 0,
            str(recipe["unit"]),
            str(recipe.get("roll", "")),
            Text(f"{start} ", start),
        )
        name = str(recipe.get("calendar", ""))
        by = _CALENDARS.get(name, Text(f"日历 {name}", f"the calendar {name}"))
        return Text(f"{how.zh}，按{by.zh}，至当日 24:00。", f"{_upper(how.en)}, by {by.en}, until 24:00 of that day.")
    if plan.basis == "fixed":
        return Text("法规规定的固定日期。", "A fixed day named by the law.")
    hours = (plan.due_at - plan.started_at).total_seconds() / 3600
    how = amount(round(hours), "hour")
    began = _minute(plan.started_at)
    return Text(
        f"自 {began}（北京时间）起连续 {how.zh}，夜间与节假日不扣除。",
        f"{how.en} from {began} Beijing time, through nights and holidays.",
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _minute(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
