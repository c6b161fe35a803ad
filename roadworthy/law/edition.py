"""All files of the law together, as bytes by name: what is shipped, and what can be kept and read again later.

Names are those of the folders: `packs/cn/n45.yaml`, `calendars/cn/2026.yaml`.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from roadworthy.law.calendar import Calendar, load_calendar
from roadworthy.law.load import assemble
from roadworthy.law.model import Pack
from roadworthy.law.packs import Packs
from roadworthy.law.parse import read_pack
from roadworthy.law.reader import LawFileUnreadable, read_yaml

_SHIPPED = Path(__file__).parent

Texts = Mapping[str, bytes]


def shipped_texts() -> dict[str, bytes]:
    """Give every file of the law that this release ships, in the order of names."""
    return texts_in(_SHIPPED)


def texts_in(folder: Path) -> dict[str, bytes]:
    """Give the files below `packs` and `calendars` of a folder, in the order of names."""
    paths = [path for kind in ("packs", "calendars") for path in (folder / kind).rglob("*.yaml")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(paths)}


def read_edition(texts: Texts) -> Mapping[str, Packs]:
    """Give the checked packs by the question that they are about.

    Raises LawFileUnreadable or PackRefused, both Unusable, for whatever is not fit.
    """
    return _read(tuple(sorted((name, sha256(text).digest(), text) for name, text in texts.items())))


@lru_cache(maxsize=16)
def _read(files: tuple[tuple[str, bytes, bytes], ...]) -> Mapping[str, Packs]:
    values = {name.removeprefix("packs/"): _value(name, text) for name, _, text in files if name.startswith("packs/")}
    calendars = {name: text for name, _, text in files if name.startswith("calendars/")}
    return assemble(values, _calendars(calendars))


def is_pack(text: bytes, name: str) -> bool:
    """Whether a file of the law holds a rule pack; raises LawFileUnreadable."""
    value = _value(name, text)
    return isinstance(value, Mapping) and value.get("schema") == "rulepack/1"


def pack_in(text: bytes, name: str) -> Pack:
    """Read one pack alone: its names and dates are not yet compared with those of others.

    Raises LawFileUnreadable, PackRefused.
    """
    return read_pack(_value(name, text), name)


def _value(name: str, text: bytes) -> object:
    return read_yaml(_decoded(name, text), name)


def _decoded(name: str, text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LawFileUnreadable(name, "is not UTF-8 text; save it as UTF-8", "不是UTF-8文本,请存为UTF-8") from error


def _calendars(texts: Texts) -> Mapping[str, Calendar]:
    """Read calendars as the loader does, from a folder that lives no longer than this."""
    with TemporaryDirectory() as folder:
        for name, text in texts.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        sets = sorted(Path(folder).glob("calendars/*/calendar.yaml"))
        return {found.parent.name: load_calendar.__wrapped__(found.parent) for found in sets}
