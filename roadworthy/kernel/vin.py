"""Vehicle identification numbers (ISO 3779, GB 16735)."""

import re
from typing import NewType

from roadworthy.kernel.errors import Unusable

Vin = NewType("Vin", str)

_FORM = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VALUES = {c: int(c) for c in "0123456789"} | dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9],
        strict=True,
    )
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def parse_vin(text: str) -> Vin:
    """Read a VIN: 17 of A-Z 0-9 without I, O, Q; blanks around it and lower case are forgiven.

    Raises Unusable with what is wrong.
    """
    vin = text.strip().upper()
    if len(vin) != 17:
        raise Unusable(f"{text.strip()[:40]!r} has {len(vin)} characters; a VIN has 17.", code="vin.length")
    if not _FORM.fullmatch(vin):
        bad = sorted(set(re.sub(r"[A-HJ-NPR-Z0-9]", "", vin)))
        raise Unusable(f"{vin!r} holds {' '.join(bad)}; a VIN uses A-Z and 0-9 without I, O and Q.", code="vin.letters")
    return Vin(vin)


def check_digit(vin: Vin) -> str:
    """Give the check digit that position 9 should carry (0-9 or X), by ISO 3779 weights."""
    rest = sum(_VALUES[c] * w for c, w in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def vin_warning(vin: Vin) -> str:
    """Say when position 9 is not the check digit: a warning, since not every market uses one."""
    expected = check_digit(vin)
    if vin[8] == expected:
        return ""
    return f"check digit of {vin} is {vin[8]}, computed {expected}; compare it with the vehicle papers"
