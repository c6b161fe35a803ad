"""The verbs over dispatches that a person says, or another room's action in its own unit of work."""

from datetime import timedelta

from roadworthy.couriers import store
from roadworthy.couriers.interface import Courier, Packet, PktId, Told
from roadworthy.couriers.model import Dispatch
from roadworthy.couriers.packet import OpenFile, reopen
from roadworthy.couriers.states import OFFICER
from roadworthy.database import Actor, Database, View, Work
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Refused, Unusable

MOST_REASON = 2000
MOST_SILENCE = timedelta(minutes=5)


class OtherPacket(Refused):
    """A packet of this id is on its way already, with other content; make a packet with an id of its own."""

    code = "packet.other"


class OnItsWay(Refused):
    """Another packet of this paper is on its way over this channel; settle it before you send another."""

    code = "packet.on_its_way"


def queue(work: Work, packet: Packet, channel: str, subject: str) -> Dispatch:
    """Let a packet be sent over the `channel` of the settings, for a paper (`subject`), once this work has committed.

    The role is asked for by the action whose unit of work this is. The same packet again is harmless.
    Raises OtherPacket, and OnItsWay while another packet of the same paper is open over the same channel: a new packet
    must not be the silent second submission of one that nobody knows about.
    """
    work.alone(f"packet {packet.id}")
    known = store.find(work, packet.id)
    if known is not None:
        if (known.manifest_digest, known.channel, known.subject) != (packet.digest, channel, subject):
            raise OtherPacket
        return known
    work.alone(f"packets of {subject} over {channel}")
    if open_ones := store.on_their_way(work, subject, channel):
        one = open_ones[0]
        raise OnItsWay(f"Packet {one.id} of this paper is {one.status}; settle it before you send another.")
    made = store.save(work, packet, channel, subject)
    told = {"authority": packet.authority, "channel": channel, "kind": packet.kind, "manifest": packet.digest}
    work.record("dispatch.queued", packet.id, {**told, "subject": subject})
    return made


def confirm(
    database: Database, courier: Courier, open_file: OpenFile, actor: Actor, packet_id: PktId, told: Told
) -> Dispatch:
    """Say that a packet was sent by hand, or that the authority, when asked by a person, has it.

    Raises NotFound, NotPermitted, WrongState, ToldUnusable, Unusable.
    """
    with database.begin(actor, attempt="dispatch.confirm", subject=packet_id) as work:
        actor.require(OFFICER)
        known = store.load(work, packet_id)
        if told.at > work.now or told.at < known.created_at:
            raise Unusable("Give the instant when it was sent: after the packet was made, not in the future.", at="at")
        evidence = courier.confirm(reopen(known.manifest, open_file), told)
        changes = {"evidence": evidence.to_json(), "reason": None, "next_at": None}
        step, moved = store.move(work, packet_id, "confirm", changes)
        facts = {"attempt": known.attempt, "scans": [one.sha256 for one in told.scans]}
        work.record("dispatch.confirmed", packet_id, facts, move=step)
    return moved


def resend(database: Database, actor: Actor, packet_id: PktId, reason: str) -> Dispatch:
    """Let a packet be sent again: it failed, or a person checked that the authority has it not; `reason` says how.

    Raises NotFound, NotPermitted, WrongState, OnItsWay when a newer packet took its place, Unusable.
    """
    with database.begin(actor, attempt="dispatch.resend", subject=packet_id) as work:
        said = _reason(reason, "Say what was done, or who at the authority said that it is not there.")
        changes = {"next_at": work.now, "reason": {"en": said, "zh": said}}
        known = store.load(work, packet_id)
        work.alone(f"packets of {known.subject} over {known.channel}")
        if newer := store.newer(work, known):
            raise OnItsWay(f"Packet {newer.id} of this paper is {newer.status} and newer; cancel this one instead.")
        step, moved = store.move(work, packet_id, "resend", changes)
        work.record("dispatch.resent", packet_id, {"attempt": moved.attempt}, move=step)
    return moved


def cancel(database: Database, actor: Actor, packet_id: PktId, reason: str) -> Dispatch:
    """Send a packet no more. One that is unsure is settled first: the authority may have it.

    Raises NotFound, NotPermitted, WrongState, Unusable.
    """
    with database.begin(actor, attempt="dispatch.cancel", subject=packet_id) as work:
        said = _reason(reason, "Say why it is not sent.")
        store.load(work, packet_id)
        step, moved = store.move(work, packet_id, "cancel", {"next_at": None, "reason": {"en": said, "zh": said}})
        work.record("dispatch.cancelled", packet_id, {"attempt": moved.attempt}, move=step)
    return moved


def health(view: View, channels: list[str]) -> tuple[Finding, ...]:
    """Give what a person must see to: what is unsure or failed, and what waits for a channel that is not set."""
    return tuple(_finding(*one) for one in store.in_need(view, channels, view.now - MOST_SILENCE))


def _finding(packet_id: str, status: str, channel: str) -> Finding:
    if status == "unsure":
        text = Text(f"{packet_id} 是否送达不明", f"whether {packet_id} arrived is unknown")
        fix = Text("向主管部门核实后确认或重发", "check with the authority, then confirm it or send it again")
    elif status == "failed":
        text = Text(f"{packet_id} 发送失败", f"{packet_id} could not be sent")
        fix = Text("排除原因后重发", "remove the cause, then send it again")
    else:
        text = Text(f"{packet_id} 没有可用的渠道 {channel}", f"{packet_id} waits for the channel {channel}")
        fix = Text("在设置中配置该渠道", "set this channel in the settings")
    return Finding(f"dispatch.{status}", Outcome.HOLD, text, fix=fix)


def _reason(reason: str, hint: str) -> str:
    said = reason.strip()
    if not said or len(said) > MOST_REASON:
        raise Unusable(f"{hint} It takes 1 to {MOST_REASON} characters.", at="reason")
    return said
