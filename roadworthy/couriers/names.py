"""Names of files that are safe on every computer, whoever gave them."""

import re
import unicodedata
from collections.abc import Iterable

MOST_CHARACTERS = 100
MOST_BYTES = 200

_FORBIDDEN = re.compile(r'[:*?"<>|]')
# Windows gives these to devices, whatever follows the first dot.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_LONGEST_EXTENSION = 10


def safe_name(given: str) -> str:
    """Give a file name that stays in its folder and shows what it is; a safe name is given back as it is.

    The last part of a path alone is kept; NFC; no control, format or private characters (a right-to-left override
    makes `fdp.exe` of `exe.pdf`); no name of a device; at most 100 characters and 200 bytes, with the extension.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    visible = "".join(one for one in last if not unicodedata.category(one).startswith(("C", "Z")) or one == " ")
    plain = _trimmed(unicodedata.normalize("NFC", _FORBIDDEN.sub("_", visible)))
    stem, extension = split_extension(plain)
    if stem.split(".")[0].strip().casefold() in _DEVICES:
        stem = f"_{stem}"
    return _trimmed(_shortened(stem, extension) + extension) or "file"


def split_extension(name: str) -> tuple[str, str]:
    """Split off the extension with its dot; "" when there is none."""
    stem, dot, extension = name.rpartition(".")
    if not stem or not dot or not extension.isascii() or not extension.isalnum():
        return name, ""
    return (stem, dot + extension) if len(extension) <= _LONGEST_EXTENSION else (name, "")


def distinct(names: Iterable[str]) -> list[str]:
    """Give safe names in order, numbering those that would be one on a computer that knows no upper case."""
    given: list[str] = []
    taken: set[str] = set()
    for name in map(safe_name, names):
        stem, extension = split_extension(name)
        number, made = 1, name
        while made.casefold() in taken:
            number += 1
            mark = f"-{number}"
            made = _shortened(stem, mark + extension).rstrip(" .") + mark + extension
        taken.add(made.casefold())
        given.append(made)
    return given


def _shortened(stem: str, extension: str) -> str:
    """Cut a stem so that it fits with its extension; never inside a character."""
    stem = stem[: MOST_CHARACTERS - len(extension)]
    most = MOST_BYTES - len(extension)
    return stem.encode()[:most].decode(errors="ignore")


def _trimmed(name: str) -> str:
    return name.strip(" .")
