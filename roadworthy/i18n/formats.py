"""How moments, amounts and two-language sentences are written for a reader."""

from datetime import datetime, timedelta

from babel.numbers import format_decimal
from babel.units import format_unit

from roadworthy.i18n.catalog import Language
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import BEIJING


def said(text: Text, language: Language) -> str:
    """Give the sentence in a language; where it was left empty, the other one: a reason is never lost."""
    here, there = (text.zh, text.en) if language is Language.ZH else (text.en, text.zh)
    return here or there


def beijing(moment: datetime, *, seconds: bool = False) -> str:
    """Write an instant in Beijing time as `2026-11-22 06:39`, the same in both languages.

    Raises ValueError for an instant without offset: it would be shifted by a guess.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no offset")
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def deadline(moment: datetime) -> str:
    """Write the end of a time in Beijing time; midnight as 24:00 of the day that ends, as the law says it."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no offset")
    here = moment.astimezone(BEIJING)
    if (here.hour, here.minute, here.second) == (0, 0, 0):
        return f"{(here - timedelta(days=1)).date().isoformat()} 24:00"
    return beijing(moment)


def span(seconds: float, language: Language) -> str:
    """Write a length of time in two units at most, rounded down: `2 days 3 hr`; js/left.js writes the same."""
    minutes = int(abs(seconds) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "day"), (hours, "hour")] if days else [(hours, "hour"), (rest, "minute")] if hours else []
    parts = parts or [(rest, "minute")]
    return " ".join(
        str(format_unit(n, f"duration-{unit}", length="short", locale=language.locale)) for n, unit in parts
    )


def number(value: float, language: Language) -> str:
    """Write an amount with grouped digits: 48,210."""
    return str(format_decimal(value, locale=language.locale))


def percent(part: int, whole: int) -> str:
    """Write `part` of `whole` as `88.5 %`, the same in both languages; a dash when there is no whole.

    Never rounds up to 100 % or down to 0 %: "all" and "none" are statements about every vehicle.
    """
    if whole == 0:
        return "–"
    share = 100 * part / whole
    if 0 < part < whole:
        share = min(max(share, 0.1), 99.9)
    return f"{share:.0f} %" if part in (0, whole) else f"{share:.1f} %"
