"""Portals that only people can use: `portal:name`. Guided copy, field by field in the portal's own order.

A page shows one step after the other; each copies its value with one click. What a portal would cut off or refuse is
said before anybody begins to type. The receipt number is typed back twice.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from roadworthy.couriers.interface import Evidence, Failed, Handed, Packet, Result, Told, Unsure
from roadworthy.couriers.packet import bundled, fields_of
from roadworthy.couriers.told import ToldUnusable, evidence_of, receipt_of
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.time import Time
from roadworthy.storage import Artifacts

_UNASKED = Text("请登录门户核实是否已提交", "look into the portal, or ask the authority")


@dataclass(frozen=True)
class PortalField:
    """One field as the portal shows it. `longest` is in characters as the portal counts them (0: no limit known).

    `choices` are the texts it offers, by our value; `page` is the portal's page on which it stands.
    """

    id: str
    label: Text
    required: bool = True
    longest: int = 0
    lines: bool = False
    choices: Mapping[str, str] | None = None
    page: Text | None = None


@dataclass(frozen=True)
class Portal:
    """A portal: its fields in its own order; `receipt` is the form of its receipt numbers, as a regular expression."""

    name: str
    title: Text
    url: str
    fields: tuple[PortalField, ...]
    receipt: str = r".{1,120}"


@dataclass(frozen=True)
class Step:
    """One thing to copy: `number` counts from 1, `value` is what to paste or choose."""

    number: int
    field: PortalField
    value: str


def guide(portal: Portal, values: Mapping[str, str]) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    """Give the steps in the portal's order, and what hinders: a value that is missing, or that the portal refuses.

    A field that needs no value and has none is no step.
    """
    steps: list[Step] = []
    findings: list[Finding] = []
    for field in portal.fields:
        value = values.get(field.id, "").strip()
        if found := _problem(field, value):
            findings.append(found)
        elif value:
            steps.append(Step(len(steps) + 1, field, (field.choices or {}).get(value, value)))
    return tuple(steps), tuple(findings)


def next_step(steps: Sequence[Step], copied: Collection[str]) -> Step | None:
    """Give the first step whose field is not in `copied`; None when all are done."""
    return next((one for one in steps if one.field.id not in copied), None)


class PortalCourier:
    """Checks that a packet can be typed into the portal, and waits for a person."""

    repeatable = True  # it only makes the bundle and the guide
    asks = False
    longest = timedelta(minutes=5)

    def __init__(self, portal: Portal, artifacts: Artifacts, time: Time) -> None:
        """Guide people through `portal`; the files to upload there are kept in `artifacts`."""
        self.portal, self._artifacts, self._time = portal, artifacts, time

    @property
    def channel(self) -> str:
        """Give its kind and name."""
        return f"portal:{self.portal.name}"

    def send(self, packet: Packet, attempt: int) -> Result:  # noqa: ARG002 - each attempt gives the same guide
        """Keep the bundle, to be uploaded by a person; fail when a field cannot be typed."""
        _, findings = self.guide(packet)
        if findings:
            told = findings[0].text
            more = len(findings) - 1
            reason = Text(f"{told.zh} (另有 {more} 处)", f"{told.en} (and {more} more)") if more else told
            return Failed(Evidence(self.channel, self._time.now()), reason)
        with bundled(packet) as bundle:
            self._artifacts.put(bundle.file, expected_sha256=bundle.sha256, expected_length=bundle.length)
            made = Evidence(self.channel, self._time.now(), sent_sha256=bundle.sha256, sent_length=bundle.length)
        return Handed(made)

    def guide(self, packet: Packet) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
        """Give the steps for a packet, and what hinders."""
        return guide(self.portal, {one.id: one.value for one in fields_of(packet)})

    def ask(self, packet: Packet) -> Result:  # noqa: ARG002 - a portal answers people only
        """Say that a portal answers people only."""
        return Unsure(Evidence(self.channel, self._time.now()), _UNASKED)

    def confirm(self, packet: Packet, told: Told) -> Evidence:
        """Check the receipt number that was typed back twice. Raises ToldUnusable."""
        if not re.fullmatch(self.portal.receipt, receipt_of(told)):
            raise ToldUnusable(
                f"This is no receipt number of {self.portal.title.en}; copy it from the page that confirms.",
                at="receipt",
            )
        return evidence_of(self.channel, packet, told)


def _problem(field: PortalField, value: str) -> Finding | None:
    zh, en = field.label.zh, field.label.en
    if not value:
        told = Text(f"{zh}未填写", f"{en} is missing") if field.required else None
    elif field.choices is not None and value not in field.choices:
        told = Text(f"{zh}的值不在门户选项中", f"{en} is none of the portal's choices")
    elif field.longest and len(value) > field.longest:
        told = Text(
            f"{zh}超过 {field.longest} 字", f"{en} has {len(value)} characters, the portal takes {field.longest}"
        )
    elif not field.lines and not value.isprintable():
        told = Text(f"{zh}只能填一行", f"{en} must be one line")
    else:
        told = None
    fix = Text("修改表单后重新生成材料包", "correct the form, then make the packet anew")
    return None if told is None else Finding("portal.field", Outcome.BLOCKED, told, fix=fix)
