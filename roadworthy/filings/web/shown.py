"""What the pages read of papers: a page of the list, a paper's fields as somebody types them, and what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from roadworthy.couriers.model import Dispatch
from roadworthy.database import Actor, View
from roadworthy.database.history import told_of
from roadworthy.filings import actions, store
from roadworthy.filings.actions import moving, packing
from roadworthy.filings.model import Filing, FilingKind
from roadworthy.filings.rules.checking import Model
from roadworthy.filings.states import FILING
from roadworthy.filings.web.deciding import Next, next_step
from roadworthy.kernel.decision import Finding, Text
from roadworthy.kernel.errors import Malformed
from roadworthy.law.forms import Filled, FormField

PAGE = 50


@dataclass(frozen=True)
class Asked:
    """What a reader asks of the list; empty asks for nothing in particular."""

    status: str = ""
    kind: str = ""
    after: str = ""

    def query(self, **more: str) -> str:
        """Give the query of an address that asks for the same, and for `more`."""
        asked = {"status": self.status, "kind": self.kind, **more}
        return urlencode({name: value for name, value in asked.items() if value})


@dataclass(frozen=True)
class Row:
    """One paper of the list."""

    filing: Filing
    title: Text
    models: tuple[Model, ...]
    next: Next


@dataclass(frozen=True)
class Line:
    """One field: `value` is the text to copy, empty when there is none; `findings` are about this field."""

    id: str
    label: Text
    item: str
    value: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Part:
    """A heading of the form and what stands below it."""

    title: Text
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Happened:
    """One event about a paper or its packet."""

    kind: str
    actor: str
    at: datetime


def asked_of(params: Mapping[str, str]) -> Asked:
    """Read the filter of an address. Raises Malformed for a status or a kind that there is not."""
    status, kind = params.get("status", ""), params.get("kind", "")
    for name, value, known in (("status", status, FILING.states), ("kind", kind, frozenset(map(str, FilingKind)))):
        if value and value not in known:
            raise Malformed(f"{name}={value[:40]!r} is none; choose one from the list.", at=name)
    return Asked(status, kind, params.get("after", "")[:40])


def rows(view: View, asked: Asked, actor: Actor, limit: int = PAGE) -> tuple[list[Row], str]:
    """Give a page of papers, the newest first, and the id that the next page begins after (empty at the end)."""
    found = store.newest_filings(view, status=asked.status, kind=asked.kind, before=asked.after, limit=limit)
    page = [_row(view, one, actor) for one in found[:limit]]
    return page, page[-1].filing.id if len(found) > limit else ""


def _row(view: View, one: Filing, actor: Actor) -> Row:
    packet = actions.packet_of(view, one) if one.status == "submitted" else None
    return Row(
        one, moving.form_of(one).title, tuple(moving.models_of(view, one)), next_step(one, packet, actor, view.now)
    )


def parts(data: Filled, found: Sequence[Finding]) -> tuple[Part, ...]:
    """Give a form's fields in its own order, each with the text to type or choose and what is wrong with it."""
    typed = {one.id: one.value.strip() for one in packing.fields_of(data)}

    def line(asked: FormField) -> Line:
        value = packing.choices(asked).get(typed[asked.id], typed[asked.id])
        mine = tuple(one for one in found if field_of(one, data.form.id) == asked.id)
        return Line(asked.id, asked.label, asked.item or "", value, mine)

    return tuple(Part(section.title, tuple(map(line, section.fields))) for section in data.form.sections)


def field_of(found: Finding, form: str) -> str:
    """Give the id of the field that a finding is about, as its code says (FORM.FIELD, FORM.FIELD[ROW].COLUMN)."""
    return found.code.removeprefix(f"{form}.").partition(".")[0].partition("[")[0]


def between(found: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Part findings into those of the paper itself and those that compare it with the other authority's."""
    other = [one for one in found if one.code.endswith(".differs")]
    return [one for one in found if one not in other], other


def history(view: View, one: Filing, packet: Dispatch | None) -> list[Happened]:
    """Give what happened to a paper and its packet, the newest first."""
    subjects = [str(one.id), *([str(packet.id)] if packet else [])]
    return [Happened(row.kind, row.actor, row.at) for row in told_of(view, subjects)]
