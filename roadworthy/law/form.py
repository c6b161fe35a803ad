"""The nouns of a form, frozen. Where they come from is `read_form`, what fills them is `filling`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.law.condition import Condition
from roadworthy.law.fields import Place

SCHEMA = "form/1"
# The moves of a filing that want something; what is required from an earlier one is required from a later one too.
STAGES = ("complete", "sign_off", "submit", "acknowledge", "close")
SCALARS = ("text", "date", "instant", "int", "number", "bool", "enum", "file")
TYPES = (*SCALARS, "list")
GRADES = ("S", "I")


@dataclass(frozen=True)
class Need:
    """When a value is required: from a stage on (None: never), and only where `when`, if given, is true."""

    stage: str | None
    when: Condition | None = None


@dataclass(frozen=True)
class Asked:
    """One thing a form asks for. `values` are the words of an enum, `unit` the unit of a number."""

    id: str
    label: Text
    type: str
    required: Need
    source: str
    values: Mapping[str, Text]
    unit: str
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Column(Asked):
    """One column of a list; `source` is a dotted path within the row."""


@dataclass(frozen=True)
class FormField(Asked):
    """One field; `source` is a dotted path in the document of facts, `item` the authority's own number of it."""

    item: str | None
    grade: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: Text
    fields: tuple[FormField, ...]


@dataclass(frozen=True)
class Form:
    """One version of one form. `example` is a document of facts that fills every field that is ever required."""

    id: str
    version: str
    digest: str
    since: date
    until: date | None
    authority: tuple[str, ...]
    cites: tuple[str, ...]
    title: Text
    verified_by: str | None
    sections: tuple[Section, ...]
    example: Mapping[str, Any]
    place: Place = field(compare=False)

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Every field in the order of the paper."""
        return tuple(asked for section in self.sections for asked in section.fields)

    def in_force(self, day: date) -> bool:
        """Whether this version is used for papers begun on `day` (Beijing)."""
        return self.since <= day and (self.until is None or day < self.until)
