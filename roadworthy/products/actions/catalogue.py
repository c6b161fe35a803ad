"""Catalogues of technical parameters that are shipped as data, and a company's own in the same form.

A catalogue says what could be asked for; it is not the text of the law, and each entry says whether it was seen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from roadworthy.database import Actor, Database
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound, Unusable
from roadworthy.products import store
from roadworthy.products.actions.editing import ROLE
from roadworthy.products.actions.parameters import check_conditions, checked_definition, define
from roadworthy.products.model import ParameterDefinition, ParameterType

_FOLDER = Path(__file__).parents[1] / "catalogues"
_FIELDS = {"key", "zh", "en", "type", "unit", "is_main", "tolerance", "annex2", "needed_if", "needs_report", "source"}
MOST_ENTRIES = 5_000


@dataclass(frozen=True)
class Loaded:
    """What loading a catalogue did, by keys: defined now, known already in the same form, kept though different."""

    defined: tuple[str, ...]
    known: tuple[str, ...]
    different: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {"defined": list(self.defined), "known": list(self.known), "different": list(self.different)}


def catalogues() -> list[str]:
    """Give the names of the shipped catalogues."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


@cache
def catalogue(name: str) -> tuple[ParameterDefinition, ...]:
    """Give the entries of a shipped catalogue.

    Raises NotFound.
    """
    if name not in catalogues():
        raise NotFound(f"There is no catalogue {name[:40]!r}; there are: {', '.join(catalogues())}.")
    plain = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))
    usual = f"{name} {plain['version']}"
    return tuple(parse_entry({**one, "source": f"{usual}: {one['source']}"}) for one in plain["parameters"])


def parse_entry(plain: Mapping[str, Any]) -> ParameterDefinition:
    """Read one entry of a catalogue.

    It has key, zh, en, type, and may have unit, is_main (true, false; else unknown), tolerance, annex2, needed_if,
    needs_report, source. Raises Unusable.
    """
    entry: dict[str, Any] = {"unit": "", "is_main": None, "tolerance": None, "annex2": False, "needed_if": None} | dict(
        plain
    )
    entry |= {name: entry.get(name, usual) for name, usual in (("needs_report", False), ("source", ""))}
    if stray := sorted(set(entry) - _FIELDS):
        raise Unusable(f"A catalogue entry has no {', '.join(stray)[:80]}; it has {', '.join(sorted(_FIELDS))}.")
    texts = ("key", "zh", "en", "type", "unit", "source")
    if wrong := [name for name in texts if not isinstance(entry.get(name), str)]:
        raise Unusable(
            f"A catalogue entry needs {wrong[0]} as text; correct {str(plain.get('key'))[:60]}.", at=wrong[0]
        )
    if wrong := [name for name in ("annex2", "needs_report") if not isinstance(entry[name], bool)]:
        raise Unusable(f"{wrong[0]} of {entry['key'][:60]} is true or false.", at=wrong[0])
    if entry["is_main"] not in (True, False, None) or entry["type"] not in list(ParameterType):
        raise Unusable(f"is_main or type of {entry['key'][:60]} is unusable.", at="type")
    tolerance = None if entry["tolerance"] is None else str(entry["tolerance"])
    condition = None if entry["needed_if"] is None else str(entry["needed_if"])
    return checked_definition(
        ParameterDefinition(
            entry["key"], Text(entry["zh"], entry["en"]), ParameterType(entry["type"]), entry["unit"],
            entry["is_main"], tolerance, entry["annex2"], condition, entry["needs_report"], entry["source"],
        )
    )  # fmt: skip


def load_catalogue(database: Database, actor: Actor, entries: Iterable[ParameterDefinition]) -> Loaded:
    """Define what a catalogue has and the company has not; what the company defined otherwise is kept and told.

    All or nothing; loading again changes nothing. Raises NotPermitted, Unusable.
    """
    wanted = [checked_definition(one) for one in entries]
    if len(wanted) > MOST_ENTRIES:
        raise Unusable(f"A catalogue has at most {MOST_ENTRIES} entries; divide it.", at="entries")
    if doubled := sorted({one.key for one in wanted if sum(1 for other in wanted if other.key == one.key) > 1}):
        raise Unusable(f"The catalogue has {doubled[0]} twice; keep one.", at=doubled[0])
    with database.begin(actor, attempt="catalogue.load") as work:
        actor.require(ROLE)
        mine = store.all_definitions(work)
        fresh = [one for one in wanted if one.key not in mine]
        check_conditions(work, fresh)
        define(work, fresh)
    same = {one.key for one in wanted if one.key in mine and replace(mine[one.key], source=one.source) == one}
    different = tuple(one.key for one in wanted if one.key in mine and one.key not in same)
    return Loaded(tuple(one.key for one in fresh), tuple(sorted(same)), different)
