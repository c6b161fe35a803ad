"""Times of duties in words: amounts with their units, and how a due time is counted."""

from roadworthy.kernel.decision import Text

_UNITS = {
    "minute": Text("分钟", "minute"),
    "hour": Text("小时", "hour"),
    "day": Text("日", "day"),
    "working_day": Text("个工作日", "working day"),
    "month": Text("个月", "month"),
    "quarter": Text("个季度", "calendar quarter"),
}
_ROLLS = {
    "next": Text("，遇非工作日顺延", "; a day that is not worked moves to the next one"),
    "previous": Text("，遇非工作日提前", "; a day that is not worked moves to the one before"),
}


def amount(count: int, unit: str) -> Text:
    """Say `5 working days`; the sign is not said."""
    count = abs(count)
    known = _UNITS.get(unit, Text(unit, unit))
    return Text(f"{count} {known.zh}", f"{count} {known.en}{'' if count == 1 else 's'}")


def counted(count: int, unit: str, roll: str, start: Text) -> Text:
    """Say how a due time is counted from `start`: `within 5 working days after ...`."""
    if unit == "day_of_next_month":
        said = Text(f"{start.zh}次月 {count} 日", f"day {count} of the month after {start.en}")
    elif count == 0:
        said = Text(f"{start.zh}当日", f"on {start.en}")
    elif count < 0:
        how = amount(count, unit)
        said = Text(f"{start.zh}前 {how.zh}", f"{how.en} before {start.en}")
    else:
        how = amount(count, unit)
        said = Text(f"{start.zh}后 {how.zh}内", f"within {how.en} after {start.en}")
    moved = _ROLLS.get(roll, Text("", ""))
    return Text(said.zh + moved.zh, said.en + moved.en)
