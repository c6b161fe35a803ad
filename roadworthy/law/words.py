"""What a rule gives, in a line for people."""

from roadworthy.law.model import Due, Duty, Rule


def gives(rule: Rule) -> str:
    """Write in a line what a rule that is no gate gives when it holds; `!` marks a reminder that escalates."""
    if isinstance(rule, Duty):
        reminders = ", ".join(f"{one.at} {'+'.join(one.roles)}{'!' * one.escalate}" for one in rule.reminders) or "none"
        return f"{rule.report} to {', '.join(rule.recipients)}, {_due(rule.due)}; reminders: {reminders}"
    words = {"outcome": "outcome", "label": "label", "tier": "tier", "tokens": "defers", "follow_up": "follow-up"}
    for key, word in words.items():
        if hasattr(rule, key):
            value = getattr(rule, key)
            said = ", ".join(value) if isinstance(value, tuple) else value or "none"
            return f"{word} {said}" + (", alone" if getattr(rule, "alone", False) else "")
    return "yes"


def _due(due: Due) -> str:
    if due.on is not None:
        return f"on {due.on}"
    said = f"{abs(due.amount)} {due.unit.replace('_', ' ')}(s) {'before' if due.amount < 0 else 'after'} "
    if due.unit == "day_of_next_month":
        said = f"on day {due.amount} of the month after "
    every = due.every
    if every is None:
        said += due.basis
    else:
        end = f"until {every.until}" if every.until else f"{every.times} times"
        said += f"every {every.amount} {every.unit}(s) from {due.basis}, {end}"
    return said + (f", then the {due.roll} working day" if due.roll else "") + f" (calendar {due.calendar})"
