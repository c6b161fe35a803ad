"""Byte ranges of a GET (RFC 9110, 14), pure, with hawkBit's strictness: what cannot be served whole is refused."""

import re
from collections.abc import Sequence
from itertools import pairwise

from roadworthy.kernel.errors import Unusable

MAX_RANGES = 50
_SPEC = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")


class NotSatisfiable(Unusable):
    """These ranges do not lie apart within the file; ask for others."""

    status = 416
    code = "range.not_satisfiable"


def wanted_ranges(header: str, length: int) -> list[tuple[int, int]]:
    """Give the ranges [start, stop) that a Range header asks of `length` bytes, in its order; [] for the whole file.

    A unit other than bytes is ignored, as RFC 9110 demands. Raises NotSatisfiable for ranges that are unreadable,
    outside the file, overlapping, or more than 50.
    """
    unit, _, specs = header.partition("=")
    if unit.strip().lower() != "bytes":
        return []
    found = [_range(spec.strip(), length) for spec in specs.split(",", MAX_RANGES)]
    ordered = sorted(found)
    if len(found) > MAX_RANGES or any(a[1] > b[0] for a, b in pairwise(ordered)):
        raise NotSatisfiable
    return found


def part_heads(ranges: Sequence[tuple[int, int]], length: int, boundary: str, media_type: str) -> list[bytes]:
    """Give what stands before each part of a multipart/byteranges body; `closing_line` stands behind the last."""
    return [
        f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {content_range(r, length)}\r\n\r\n".encode()
        for r in ranges
    ]


def closing_line(boundary: str) -> bytes:
    """Give the end of a multipart/byteranges body."""
    return f"\r\n--{boundary}--\r\n".encode()


def content_range(wanted: tuple[int, int], length: int) -> str:
    """Give the Content-Range of one range."""
    return f"bytes {wanted[0]}-{wanted[1] - 1}/{length}"


def _range(spec: str, length: int) -> tuple[int, int]:
    matched = _SPEC.fullmatch(spec)
    if matched is None:
        raise NotSatisfiable
    first, last = matched.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, length) if last else length
    elif last:
        start, stop = max(length - int(last), 0), length
    else:
        raise NotSatisfiable
    if start >= stop:
        raise NotSatisfiable
    return start, stop
