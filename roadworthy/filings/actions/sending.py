"""Sending a paper.

Submitting records, in one unit of work, that it goes out, and what; the worker's dispatcher delivers, outside any;
that it arrived is a second move. What nobody knows stays unknown until somebody asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from roadworthy.couriers import actions as couriers
from roadworthy.couriers import store as dispatches
from roadworthy.couriers.channels import Surroundings, open_courier
from roadworthy.couriers.interface import Courier, PktId, Scan, Told
from roadworthy.couriers.model import Dispatch
from roadworthy.couriers.portal import Portal, PortalField, Step
from roadworthy.couriers.portal import guide as steps_of
from roadworthy.database import Actor, Database, View, Work
from roadworthy.filings import rules, store
from roadworthy.filings.actions import moving, packing
from roadworthy.filings.actions.moving import UNSENT
from roadworthy.filings.actions.papers import save_drawn
from roadworthy.filings.model import FORMS, Authority, DocId, FilId, Filing, FilingKind, Role
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.time import Time, beijing_date, parse_instant
from roadworthy.law.forms import load_forms
from roadworthy.storage import Artifacts


@dataclass(frozen=True)
class Word:
    """What a person says who sent a paper by hand, or who asked the authority; see couriers' Told.

    `at` is an ISO instant with its offset, `scans` are stored scans of the stamped paper.
    """

    at: str
    receipt: str = ""
    receipt_again: str = ""
    note: str = ""
    scans: tuple[DocId, ...] = ()


def channel_of(authority: Authority, kind: FilingKind) -> str:
    """Name the channel of a paper: each authority has one way in, and a portal one page for each kind."""
    return f"{authority}/{kind}"


def open_channels(
    uris: Mapping[str, str], artifacts: Artifacts, time: Time, secret: Callable[[str], str]
) -> dict[str, Courier]:
    """Open the courier of every kind of paper; `uris` and `secret` go by authority.

    `portal:` guides through the fields of the paper's form in their order. Raises ChannelUnusable.
    """
    portals = {name: _portal(name) for name in load_forms()}
    around = Surroundings(artifacts, time, portals, secret=lambda name: secret(name.partition("/")[0]))
    return {
        channel_of(authority, kind): open_courier(
            channel_of(authority, kind), f"portal:{kind}" if uris[authority] == "portal:" else uris[authority], around
        )
        for kind, form in FORMS.items()
        for authority in form.authorities
    }


def submit(
    database: Database, actor: Actor, filing_id: FilId, submitted_on: str, package_delivered_on: str | None = None
) -> Filing:
    """Record that somebody sent a signed paper by hand; days are ISO days in Beijing, not in the future.

    Raises NotPermitted, NotFound, WrongState, Incomplete, Unusable.
    """
    with database.begin(actor, attempt="filing.submit", subject=filing_id) as work:
        known, today = moving.known(work, filing_id, "submit"), beijing_date(work.now)
        moving.require_whole(moving.lacking(work, known, "submit"), known, "be submitted")
        changes = {"submitted_on": rules.check_past(submitted_on, "submitted_on", today)}
        if package_delivered_on is not None:
            day = rules.check_past(package_delivered_on, "package_delivered_on", today)
            changes["package_delivered_on"] = day
        return moving.move(work, filing_id, "submit", changes)


def send(database: Database, artifacts: Artifacts, actor: Actor, filing_id: FilId, url: str) -> Filing:
    """Make the packet of a signed paper and give it to the courier of its authority; `url` shows the filing.

    Its bytes are made first, and lie by hash whether or not the rest comes about. Raises NotPermitted, NotFound,
    WrongState, Incomplete, Unusable, FileUnusable.
    """
    with database.read() as view:
        known = store.load_filing(view, filing_id)
        moving.may(actor, known, "submit")
        data, kept = moving.filled(view, known), store.documents_of(view, filing_id)
    drawn = packing.draw_all(artifacts, known, data, url)
    packet = packing.packet_of(PktId.new(database.time.now()), known, data, drawn, kept, url, artifacts)
    with database.begin(actor, attempt="filing.submit", subject=filing_id) as work:
        found = moving.known(work, filing_id, "submit")
        moving.require_whole(moving.lacking(work, found, "submit"), found, "be submitted")
        if moving.told(found) != moving.told(known):
            raise Refused("The paper was changed while its packet was made; look at it again.", code="filing.changed")
        for one in drawn:
            save_drawn(work, found, one)
        couriers.queue(work, packet, channel_of(found.authority, found.kind), filing_id)
        return moving.move(work, filing_id, "submit", {"packet_id": packet.id})


def confirm_sent(
    database: Database,
    channels: Mapping[str, Courier],
    artifacts: Artifacts,
    actor: Actor,
    filing_id: FilId,
    word: Word,
) -> Filing:
    """Say that the packet of a filing was sent by hand, or that the authority, when asked, has it.

    Raises NotPermitted, NotFound, WrongState, Refused, ToldUnusable, Unusable.
    """
    with database.read() as view:
        known = store.load_filing(view, filing_id)
        packet = _packet(view, known)
        scans = [_scan(view, known, one) for one in word.scans]
    told = Told(parse_instant(word.at), word.receipt, word.receipt_again, scans, word.note)
    courier = channels[packet.channel]
    couriers.confirm(database, courier, artifacts.open, actor, packet.id, told)
    return _followed(database, actor, known, packet.id)


def resend(database: Database, actor: Actor, filing_id: FilId, reason: str) -> Filing:
    """Let a packet be sent again that failed, or that the authority, when asked by a person, does not have.

    Raises NotPermitted, NotFound, WrongState, Refused, Unusable.
    """
    with database.read() as view:
        known = store.load_filing(view, filing_id)
        packet = _packet(view, known)
    couriers.resend(database, actor, packet.id, reason)
    return known


def cancel(database: Database, actor: Actor, filing_id: FilId, reason: str) -> Filing:
    """Send a packet no more that has not gone out; the filing is then signed off, and unsent, again.

    Raises NotPermitted, NotFound, WrongState (one that is unsure is settled first), Refused, Unusable.
    """
    with database.read() as view:
        known = store.load_filing(view, filing_id)
        packet = _packet(view, known)
    couriers.cancel(database, actor, packet.id, reason)
    return _followed(database, actor, known, packet.id)


def packet_of(view: View, known: Filing) -> Dispatch | None:
    """Give the packet that carries a filing, and how far it is; None when people sent it by hand, or nobody."""
    return None if known.packet_id is None else dispatches.load(view, known.packet_id)


def guide(view: View, known: Filing) -> tuple[Step, ...]:
    """Give what to copy into a portal, field by field in its order."""
    data = moving.filled(view, known)
    return steps_of(_portal(str(known.kind)), {one.id: one.value for one in packing.fields_of(data)})[0]


def follow(database: Database, actor: Actor, packet_id: str) -> Filing | None:
    """Move a filing after its packet: acknowledged when the channel has it, taken back when it is sent no more.

    Told twice, or about a packet that is no longer the filing's, it changes nothing. Raises NotFound.
    """
    with database.begin(actor) as work:
        packet = dispatches.load(work, packet_id)
        known = store.load_filing(work, packet.subject)
        if known.packet_id != packet.id or known.status != "submitted":
            return None
        if packet.status == "sent":
            return _arrived(work, known, packet)
        return moving.move(work, known.id, "take_back", UNSENT) if packet.status == "cancelled" else None


def _arrived(work: Work, known: Filing, packet: Dispatch) -> Filing:
    at = parse_instant(str((packet.evidence or {})["at"]))
    number = packet.receipt or None
    changes = {"submitted_on": beijing_date(at).isoformat(), "acknowledged_at": at, "submission_number": number}
    return moving.move(work, known.id, "acknowledge", changes)


def _followed(database: Database, actor: Actor, known: Filing, packet_id: PktId) -> Filing:
    moved = follow(database, actor, packet_id)
    if moved is not None:
        return moved
    with database.read() as view:  # the worker was faster
        return store.load_filing(view, known.id)


def _packet(view: View, known: Filing) -> Dispatch:
    if known.packet_id is None:
        raise Refused("No courier carries this filing; it was not sent, or by hand.", code="filing.by_hand")
    return dispatches.load(view, known.packet_id)


def _scan(view: View, known: Filing, document_id: DocId) -> Scan:
    """Give a stamped scan that a second person has looked at. Raises NotFound, Refused."""
    found = store.load_document(view, known.id, document_id)
    if found.role is not Role.SCAN or found.round != known.round:
        raise Refused(f"{document_id} is no scan of the paper as it is now; upload that one.", code="scan.other")
    if found.confirmed_by is None:
        raise Refused(f"Nobody has confirmed scan {document_id}; ask a second officer.", code="scan.unconfirmed")
    return Scan(found.sha256, found.media_type, found.codes)


def _portal(name: str) -> Portal:
    """Give the portal of a form as far as anybody knows it: its fields, in the order of the paper."""
    form = load_forms()[name]
    fields = tuple(
        PortalField(
            one.id, one.label, required=False, lines=one.type in {"list", "text"}, choices=packing.choices(one) or None
        )
        for one in form.fields
    )
    return Portal(name, form.title, "", fields)
