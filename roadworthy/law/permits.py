"""Level 3 permits as data: which model may drive itself on which roads, how fast, for whom; and whether a domain fits.

Source: the conditional admissions of MIIT announcement batch 401 (L3-PERM), read from `permits/1` files.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.law.fields import Fields, PackRefused, Place
from roadworthy.law.load import SHIPPED, read_files
from roadworthy.law.parse import GRADES

SCHEMA = "permits/1"


@dataclass(frozen=True)
class Permit:
    """One model's permit; roads by id. Speed in km/h. What a permit does not name it does not allow."""

    model_code: str
    manufacturer: Text
    level: int
    region: Text
    roads: Mapping[str, Text]
    speed_limit_kmh: int
    single_lane: bool
    entity_id: str
    entity: Text
    batch: int
    granted: date
    source: Text
    grade: str
    verified_by: str | None


@dataclass(frozen=True)
class OperatingDomain:
    """Where, how and by whom a version is driven; None is not known.

    `roads`: every road by its id in the permit files. `top_speed_kmh`: the highest speed with the function on.
    `changes_lane`: whether the function leaves its lane. `entity_id`: who uses the cars.
    """

    roads: frozenset[str] | None = None
    top_speed_kmh: int | None = None
    changes_lane: bool | None = None
    entity_id: str | None = None


@cache
def load_permits(folder: Path | None = None) -> tuple[Permit, ...]:
    """Read every `permits/1` file below `folder` (the shipped packs when none is given), in order of path.

    Raises LawFileUnreadable or PackRefused (both Unusable), naming file, line and what to write instead.
    """
    files = read_files(folder or SHIPPED)
    chosen = {name: raw for name, raw in files.items() if isinstance(raw, Mapping) and raw.get("schema") == SCHEMA}
    return read_permits(chosen)


def read_permits(files: Mapping[str, Any]) -> tuple[Permit, ...]:
    """Read permits from plain values by file name; raises PackRefused, also for a model that stands twice."""
    found: dict[str, Permit] = {}
    for file, raw in files.items():
        for place, permit in _file(raw, file):
            if permit.model_code in found:
                en = "has two permits; merge them into one entry"
                raise PackRefused(place, en, "重复出现,请合并为一条")
            found[permit.model_code] = permit
    return tuple(found.values())


def permit_of(permits: Iterable[Permit], model_code: str) -> Permit | None:
    """Give the permit of a model, None when it has none (then no level 3 domain of it is permitted)."""
    return next((permit for permit in permits if permit.model_code == model_code), None)


def inside(permit: Permit, domain: OperatingDomain) -> bool | None:
    """Whether the domain stays inside the permit: False when any known part leaves it, else None while one is unknown.

    A domain without any road is not known, not empty.
    """
    parts = (
        frozenset(permit.roads) >= domain.roads if domain.roads else None,
        None if domain.top_speed_kmh is None else domain.top_speed_kmh <= permit.speed_limit_kmh,
        None if domain.changes_lane is None else not (domain.changes_lane and permit.single_lane),
        None if domain.entity_id is None else domain.entity_id == permit.entity_id,
    )
    if False in parts:
        return False
    return None if None in parts else True


def _file(raw: Any, file: str) -> list[tuple[Place, Permit]]:
    fields = Fields(raw, Place(file))
    fields.one_of("schema", (SCHEMA,))
    fields.place = fields.place.of(fields.take("id", str))
    for key in ("version", "jurisdiction", "authority"):
        fields.take(key, str)
    shared = {
        "batch": fields.take("batch", int),
        "granted": date.fromisoformat(str(fields.day("granted"))),
        "source": fields.text("source"),
        "grade": fields.one_of("grade", GRADES),
        "verified_by": fields.nullable("verified_by"),
    }
    listed = fields.take("permits", list)
    entries = [Fields(entry, fields.where("permits").of(f"permits[{n}]")) for n, entry in enumerate(listed)]
    fields.done()
    if not entries:
        raise fields.refuse("permits", "lists none; add one or remove the file", "没有许可,请补充或删除该文件")
    return [_permit(entry, shared) for entry in entries]


def _permit(fields: Fields, shared: Mapping[str, Any]) -> tuple[Place, Permit]:
    code = fields.take("model_code", str)
    fields.place = fields.place.of(code)
    permit = Permit(
        model_code=code,
        manufacturer=fields.text("manufacturer"),
        level=fields.take("level", int),
        region=fields.text("region"),
        roads=_roads(fields),
        speed_limit_kmh=fields.take("speed_limit_kmh", int),
        single_lane=fields.take("single_lane", bool),
        entity_id=fields.take("entity_id", str),
        entity=fields.text("entity"),
        **shared,
    )
    if permit.level not in (3, 4):
        raise fields.refuse("level", f"is {permit.level}; write 3 or 4", f"是{permit.level},应为3或4")
    if not 1 <= permit.speed_limit_kmh <= 200:
        said = permit.speed_limit_kmh
        raise fields.refuse("speed_limit_kmh", f"is {said}; write 1 to 200 km/h", f"是{said},应为1至200公里/小时")
    fields.done()
    return fields.place, permit


def _roads(fields: Fields) -> dict[str, Text]:
    inner = fields.inner("roads")
    roads = {name: inner.text(name) for name in inner.names()}
    if not roads:
        raise fields.refuse("roads", "names no road; list at least one", "没有道路,请至少列出一条")
    return roads
