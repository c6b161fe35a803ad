"""Load a folder of packs: read, check, walk, run the examples; whatever is not fit is refused here, not at the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from roadworthy.law.calendar import Calendar, load_calendar
from roadworthy.law.check import check_meaning, check_names, with_dates
from roadworthy.law.coverage import check_coverage
from roadworthy.law.examples import check_examples
from roadworthy.law.fields import PackRefused
from roadworthy.law.packs import Packs
from roadworthy.law.parse import read_pack
from roadworthy.law.reader import read_yaml
from roadworthy.law.vocabulary import read_vocabulary

_SHIPPED = Path(__file__).parent / "packs"


@cache
def load_packs(folder: Path | None = None) -> Packs:
    """Read every pack below `folder` (the shipped ones when none is given) and check them as a whole.

    Raises LawFileUnreadable or PackRefused (both Unusable), naming pack, rule and what to do.
    """
    root = folder or _SHIPPED
    raw = {path.relative_to(root).as_posix(): read_yaml(path.read_text("utf-8"), path.name) for path in _files(root)}
    return assemble(raw, load_calendar())


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.yaml") if path.name != "pending.yaml")


def assemble(raw: Mapping[str, Any], calendar: Calendar) -> Packs:
    """Make checked packs of plain values by file name: one `vocabulary/1`, any number of `rulepack/1`."""
    words = [name for name, value in raw.items() if _schema(value) == "vocabulary/1"]
    if len(words) != 1:
        raise PackRefused(f"{len(words)} files are vocabulary/1; exactly one must be there.")
    read = tuple(read_pack(value, name) for name, value in raw.items() if name not in words)
    check_names(read)
    vocabulary = read_vocabulary(raw[words[0]], words[0])
    packs = Packs(vocabulary, calendar, read, _defaults(read))
    packs = replace(packs, packs=tuple(with_dates(pack, packs) for pack in read))
    check_meaning(packs)
    check_coverage(packs)
    for pack in packs.packs:
        check_examples(pack, packs)
    return packs


def _schema(value: Any) -> object:
    return value.get("schema") if isinstance(value, Mapping) else None


def _defaults(packs: Sequence[Any]) -> dict[str, str]:
    return {q.id: q.default for pack in packs for q in pack.ambiguities.values() if q.selectable}
