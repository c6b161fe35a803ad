"""Load a folder of packs: read, check, walk, run the examples; whatever is not fit is refused here, not at the gate.

All or nothing: one bad file and no pack is loaded.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from roadworthy.law.calendar import Calendar, load_calendars
from roadworthy.law.check import check_meaning, check_names, texts_of, with_dates
from roadworthy.law.coverage import check_coverage
from roadworthy.law.examples import check_examples
from roadworthy.law.fields import PackRefused, Place
from roadworthy.law.model import Pack
from roadworthy.law.packs import Packs
from roadworthy.law.parse import read_pack
from roadworthy.law.reader import read_yaml
from roadworthy.law.vocabulary import read_vocabulary

SHIPPED = Path(__file__).parent / "packs"
UPGRADE_QUESTION, INCIDENT_QUESTION, RECALL_QUESTION = "upgrade", "incident", "recall"
SCHEMAS = ("rulepack/1", "vocabulary/1", "permits/1", "organisational/1", "form/1")


@cache
def load_packs(folder: Path | None = None, about: str = UPGRADE_QUESTION) -> Packs:
    """Read every pack below `folder` (the shipped ones when none is given), check all, give those of one question.

    Raises LawFileUnreadable or PackRefused (both Unusable), naming file, line, rule and what to write instead.
    """
    loaded = load_all(folder)
    if about not in loaded:
        place = Place(str(folder) if folder else "packs")
        raise PackRefused(place, f"no pack answers the question {about}", f"没有规则包回答问题{about}")
    return loaded[about]


@cache
def load_all(folder: Path | None = None) -> Mapping[str, Packs]:
    """Give the packs below `folder` (the shipped ones when none is given) by the question they answer."""
    return assemble(read_files(folder or SHIPPED), load_calendars())


def read_files(folder: Path) -> dict[str, Any]:
    """Give the plain value of every YAML file below `folder` by its path there; raises LawFileUnreadable."""
    files = sorted(folder.rglob("*.yaml"))
    return {p.relative_to(folder).as_posix(): read_yaml(p.read_text("utf-8"), p.name) for p in files}


def assemble(raw: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> Mapping[str, Packs]:
    """Make checked packs, by question, of plain values by file name.

    Each question has one main `vocabulary/1`; `rulepack/1` files say which question they are about.
    """
    for name, value in raw.items():
        if _schema(value) not in SCHEMAS:
            en = f"schema is {_schema(value)!r}; use one of {', '.join(SCHEMAS)}"
            raise PackRefused(Place(name).at(value), en, f"schema是{_schema(value)!r},应为:{'、'.join(SCHEMAS)}")
    read = [read_pack(value, name) for name, value in _of(raw, "rulepack/1")]
    check_names(read)
    texts = texts_of(read)
    dated = [with_dates(pack, texts) for pack in read]
    questions = list(dict.fromkeys(str(value.get("about")) for _, value in _of(raw, "vocabulary/1")))
    for pack in dated:
        if pack.about not in questions:
            en = f"0 files are vocabulary/1 about {pack.about}; exactly one main file must be there"
            raise PackRefused(Place(pack.id), en, f"缺少问题{pack.about}的词表")
    made = {}
    for about in questions:
        words = read_vocabulary({n: v for n, v in _of(raw, "vocabulary/1") if v.get("about") == about})
        own = tuple(pack for pack in dated if pack.about == about)
        made[about] = Packs(words, calendars, own, _defaults(own), texts)
        check_meaning(made[about])
        check_coverage(made[about])
        for pack in own:
            check_examples(pack, made[about])
    return made


def _of(raw: Mapping[str, Any], schema: str) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in raw.items() if _schema(value) == schema)


def _schema(value: Any) -> object:
    return value.get("schema") if isinstance(value, Mapping) else None


def _defaults(packs: Sequence[Pack]) -> dict[str, str]:
    return {q.id: q.default for pack in packs for q in pack.ambiguities.values() if q.selectable}
