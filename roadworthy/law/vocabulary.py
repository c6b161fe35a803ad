"""The facts that packs may speak of: name, type, domain, source, when needed; and the facts computed from them.

Names are paths: `a.b` a field of an object, `list[].c` a field of a list's entries. One list may hold the subjects
(the models); a fact marked `per_model` may also stand in a subject's entry, which then wins. Each question has one
vocabulary; further files of the same question add what another regime asks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from roadworthy.kernel.decision import Text
from roadworthy.kernel.event import digest_of
from roadworthy.law.condition import ALWAYS, UNKNOWN, Condition
from roadworthy.law.fields import Fields, PackRefused, Place, read_condition

TYPES = ("bool", "int", "number", "text", "date", "instant", "enum", "list", "object", "any")
ORDERED = ("int", "number", "date")

R = TypeVar("R")


@dataclass(frozen=True)
class Fact:
    """One input fact. `absent` is what its absence means (UNKNOWN unless declared); null is always unknown.

    `assume` is the cautious reading while it is unknown: it fixes the labels, but the gate opens only if it
    would open under every other reading as well.
    """

    name: str
    type: str
    label: Text
    source: str
    values: tuple[str, ...] = ()
    unknown_word: str = ""
    low: int | None = None
    high: int | None = None
    needed: Condition | None = None
    absent: Any = UNKNOWN
    assume: Any = UNKNOWN
    per_model: bool = False

    @property
    def domain(self) -> tuple[Any, ...]:
        """The values it can take, when they are few."""
        if self.type == "bool":
            return (True, False)
        if self.type == "enum":
            return tuple(v for v in self.values if v != self.unknown_word)
        if self.type == "int" and self.low is not None and self.high is not None and self.high - self.low < 16:
            return tuple(range(self.low, self.high + 1))
        return ()


@dataclass(frozen=True)
class Derived:
    """One computed fact; exactly one of the ways to compute it is filled.

    when: a condition. list + where: some entry of the list meets `where`. latest: the latest of dates.
    shift: a date moved by `by` `unit`. provisional: whether that shifted date rests on an unpublished calendar year.
    """

    name: str
    label: Text
    when: Condition | None = None
    list: str = ""
    where: Condition = ALWAYS
    latest: tuple[str, ...] = ()
    shift: str = ""
    by: int = 0
    unit: str = ""
    provisional: str = ""

    @property
    def type(self) -> str:
        """Whether it is a yes/no fact or a date."""
        return "date" if self.latest or self.shift else "bool"


@dataclass
class Node:
    """One place in the shape of the facts file."""

    fact: Fact | None = None
    children: dict[str, "Node"] = field(default_factory=dict)


@dataclass(frozen=True)
class Vocabulary:
    """All declared facts of one kind of question, with a complete specimen that examples start from.

    `bases` names, for each base of due times, the facts that say when it was; the earliest counts. `updates` is the
    list of later facts that raise severity, `update_known` the instant each became known.
    """

    id: str
    version: str
    digest: str
    about: str
    subjects: str
    subject_key: str
    parts: str
    parts_forget: tuple[str, ...]
    bases: Mapping[str, tuple[str, ...]]
    updates: str
    update_known: str
    facts: Mapping[str, Fact]
    derived: Mapping[str, Derived]
    specimen: Mapping[str, Any]

    @cached_property
    def tree(self) -> Node:
        """The shape a facts file may have."""
        root = Node()
        for fact in self.facts.values():
            _plant(root, fact.name, fact)
        subject = root.children[self.subjects] if self.subjects else Node()
        for first in {fact.name.split(".", 1)[0] for fact in self.facts.values() if fact.per_model}:
            subject.children[first] = root.children[first]
        return root


def _plant(root: Node, name: str, fact: Fact) -> None:
    node = root
    for step in name.split("."):
        node = node.children.setdefault(step.removesuffix("[]"), Node())
    node.fact = fact


def read_vocabulary(files: Mapping[str, Any]) -> Vocabulary:
    """Read the `vocabulary/1` files of one question (value by file name); raises PackRefused naming the fact.

    One of them is the main file; the others say `extends` with its id and add facts, computed facts and bases.
    """
    read = [_Part(Fields(raw, Place(file))) for file, raw in files.items()]
    main = [part for part in read if not part.extends]
    if len(main) != 1:
        place = Place(", ".join(files))
        en = f"{len(main)} files are the main vocabulary of {read[0].about}; exactly one must be there"
        raise PackRefused(place, en, f"问题{read[0].about}的主词表有{len(main)}个,应恰有一个")
    facts: dict[str, Fact] = {}
    derived: dict[str, Derived] = {}
    for part in [*main, *(p for p in read if p.extends)]:
        if part.extends not in ("", main[0].id):
            raise part.fields.refuse("extends", f"must be {main[0].id}", f"应为{main[0].id}")
        for name in (*part.facts, *part.derived):
            if name in facts or name in derived:
                raise PackRefused(part.fields.place.of(name), "is declared twice; rename one", "重复声明,请改名")
        facts |= part.facts
        derived |= part.derived
    return main[0].vocabulary(facts, derived, [p for p in read if p.extends])


class _Part:
    """What one file of a vocabulary says."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        fields.one_of("schema", ("vocabulary/1",))
        self.id = fields.take("id", str)
        fields.place = fields.place.of(self.id)
        self.version = fields.take("version", str)
        self.about = fields.take("about", str)
        self.extends = fields.take("extends", str, "")
        self._subjects = fields.inner("subjects", {"list": "", "key": ""})
        self._parts = fields.inner("parts", {"list": "", "forget": []})
        self._updates = fields.inner("updates", {"list": "", "known": ""})
        self.facts = self._table("facts", _fact)
        self.derived = self._table("derived", _derived)
        bases = fields.inner("bases", {})
        self.bases = {base: bases.words(base) for base in bases.names()}
        self.specimen = fields.take("specimen", dict, {})
        fields.done()

    def _table(self, key: str, read: Callable[[str, Fields], R]) -> dict[str, R]:
        table = self.fields.take(key, dict, {})
        place = self.fields.where(key)
        return {name: read(name, Fields(raw, place.at(table, name).of(name))) for name, raw in table.items()}

    def vocabulary(self, facts: dict[str, Fact], derived: dict[str, Derived], more: list["_Part"]) -> Vocabulary:
        """Make the whole of this main file and those that extend it."""
        bases, specimen, raw = dict(self.bases), dict(self.specimen), [self.fields.raw]
        for part in more:
            bases |= part.bases
            specimen |= part.specimen
            raw.append(part.fields.raw)
        subjects, parts, updates = self._subjects, self._parts, self._updates
        made = Vocabulary(
            self.id,
            self.version,
            digest_of(raw[0] if len(raw) == 1 else raw),
            self.about,
            subjects.take("list", str),
            subjects.take("key", str),
            parts.take("list", str),
            parts.words("forget"),
            bases,
            updates.take("list", str),
            updates.take("known", str),
            facts,
            derived,
            specimen,
        )
        for each in (subjects, parts, updates):
            each.done()
        return made


def _fact(name: str, fields: Fields) -> Fact:
    kind = fields.one_of("type", TYPES)
    fact = Fact(
        name,
        kind,
        Text(fields.take("zh", str), fields.take("en", str)),
        fields.one_of("source", ("computed", "declared", "registry")),
        values=fields.words("values", []),
        unknown_word=fields.take("unknown_word", str, ""),
        low=fields.take("low", int, None),
        high=fields.take("high", int, None),
        needed=_needed(fields),
        absent=fields.take("absent", object, UNKNOWN),
        assume=fields.take("assume", object, UNKNOWN),
        per_model=fields.take("per_model", bool, False),
    )
    fields.done()
    if kind == "enum" and len(fact.values) < 2:
        raise fields.refuse("values", "of an enum are at least two; list them", "枚举至少两个值,请列出")
    if fact.assume is not UNKNOWN and fact.assume not in fact.domain:
        en = f"is {fact.assume!r}, which the fact can never be; name one of its values"
        raise fields.refuse("assume", en, f"是{fact.assume!r},不在取值范围内")
    return fact


def _needed(fields: Fields) -> Condition | None:
    if not fields.has("needed"):
        return None
    place = fields.where("needed")
    raw = fields.take("needed", object)
    return ALWAYS if raw == "always" else read_condition(raw, place, "needed")


def _derived(name: str, fields: Fields) -> Derived:
    derived = Derived(
        name,
        Text(fields.take("zh", str), fields.take("en", str)),
        when=fields.maybe_condition("when"),
        list=fields.take("list", str, ""),
        where=fields.condition("where", ALWAYS),
        latest=fields.words("latest", []),
        shift=fields.take("shift", str, ""),
        by=fields.take("by", int, 0),
        unit=fields.take("unit", str, ""),
        provisional=fields.take("provisional", str, ""),
    )
    fields.done()
    ways = [derived.when is not None, derived.list, derived.latest, derived.shift, derived.provisional]
    if sum(map(bool, ways)) != 1:
        en = "say one way to compute it: when, list, latest, shift or provisional"
        raise PackRefused(fields.place, en, "请只写一种算法:when、list、latest、shift或provisional")
    if derived.shift and derived.unit not in ("working_day", "month", "day"):
        en = f"is {derived.unit!r}; use working_day, month or day"
        raise fields.refuse("unit", en, f"是{derived.unit!r},应为working_day、month或day")
    return derived
