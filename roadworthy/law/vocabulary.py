"""The facts that packs may speak of: name, type, domain, source, when needed; and the facts computed from them.

Names are paths: `a.b` a field of an object, `list[].c` a field of a list's entries. One list holds the subjects
(the models); a fact marked `per_model` may also stand in a subject's entry, which then wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.kernel.event import digest_of
from roadworthy.law.condition import ALWAYS, UNKNOWN, Condition
from roadworthy.law.fields import Fields, PackRefused

TYPES = ("bool", "int", "number", "text", "date", "instant", "enum", "list", "object", "any")
ORDERED = ("int", "number", "date")


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
    """All declared facts of one kind of question, with a complete specimen that examples start from."""

    id: str
    version: str
    digest: str
    subjects: str
    subject_key: str
    parts: str
    parts_forget: tuple[str, ...]
    facts: Mapping[str, Fact]
    derived: Mapping[str, Derived]
    specimen: Mapping[str, Any]

    @cached_property
    def tree(self) -> Node:
        """The shape a facts file may have."""
        root = Node()
        for fact in self.facts.values():
            _plant(root, fact.name, fact)
        subject = root.children[self.subjects]
        for first in {fact.name.split(".", 1)[0] for fact in self.facts.values() if fact.per_model}:
            subject.children[first] = root.children[first]
        return root


def _plant(root: Node, name: str, fact: Fact) -> None:
    node = root
    for step in name.split("."):
        node = node.children.setdefault(step.removesuffix("[]"), Node())
    node.fact = fact


def read_vocabulary(raw: Any, place: str) -> Vocabulary:
    """Read a `vocabulary/1` file; raises PackRefused naming the fact."""
    fields = Fields(raw, place)
    fields.one_of("schema", ("vocabulary/1",))
    vocabulary_id = fields.take("id", str)
    fields.place = vocabulary_id
    version = fields.take("version", str)
    subjects = Fields(fields.take("subjects", dict), f"{vocabulary_id}: subjects")
    parts = Fields(fields.take("parts", dict), f"{vocabulary_id}: parts")
    facts = {n: _fact(n, Fields(r, f"{vocabulary_id}: {n}")) for n, r in fields.take("facts", dict).items()}
    derived = {n: _derived(n, Fields(r, f"{vocabulary_id}: {n}")) for n, r in fields.take("derived", dict).items()}
    if doubled := facts.keys() & derived.keys():
        raise PackRefused(f"{vocabulary_id}: {sorted(doubled)} are both given and computed; rename one.")
    vocabulary = Vocabulary(
        vocabulary_id,
        version,
        digest_of(raw),
        subjects.take("list", str),
        subjects.take("key", str),
        parts.take("list", str),
        parts.words("forget"),
        facts,
        derived,
        fields.take("specimen", dict),
    )
    for each in (subjects, parts, fields):
        each.done()
    return vocabulary


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
        assume=fields.take("assume", bool, UNKNOWN),
        per_model=fields.take("per_model", bool, False),
    )
    fields.done()
    if kind == "enum" and len(fact.values) < 2:
        raise PackRefused(f"{fields.place}: an enum needs at least two values; list them.")
    return fact


def _needed(fields: Fields) -> Condition | None:
    if not fields.has("needed"):
        return None
    raw = fields.take("needed", object)
    return ALWAYS if raw == "always" else _condition_field(raw, fields.place)


def _condition_field(raw: Any, place: str) -> Condition:
    return Fields({"needed": raw}, place).condition("needed")


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
        raise PackRefused(f"{fields.place}: say one way to compute it: when, list, latest, shift or provisional.")
    if derived.shift and derived.unit not in ("working_day", "month", "day"):
        raise PackRefused(f"{fields.place}: unit is {derived.unit!r}; use working_day, month or day.")
    return derived
