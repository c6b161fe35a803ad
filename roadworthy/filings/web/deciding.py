"""What a paper waits for, who must do it, and what the reader can do: four eyes are said before anybody tries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from roadworthy.couriers.model import Dispatch
from roadworthy.database import Actor
from roadworthy.filings.model import Document, Filing, Role
from roadworthy.filings.states import COMPLIANCE, FILING, OFFICER
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import beijing_date
from roadworthy.webui.verbs import Verb
from roadworthy.webui.words import ROLES

OWN_SIGN_OFF = Text("您是起草人，须由另一名准入专员复核签发。", "You are the author; another officer must sign it off.")
OWN_ACCEPT = Text("您是起草人，须由另一名准入专员登记接受。", "You are the author; another officer must take it down.")
OWN_SCAN = Text("您是上传人，须由他人确认。", "You stored it; another officer must confirm it.")
NOT_AUTHOR = Text("只有起草人可以改写。", "Only the author rewrites it.")
_FINDINGS = Text("仍有未解决的问题，见下方清单。", "Something is still missing or differs; see the list below.")
_OPEN_PACKET = Text("请先弄清数据包是否送达。", "Settle first whether the packet arrived.")
NO_RECEIPT = Text("回执尚未入库，请先上传。", "The receipt is not stored yet; upload it first.")


@dataclass(frozen=True)
class Next:
    """What comes next. `needs` says who must do what; `mine` that the reader can; `over` that nothing comes."""

    needs: Text
    mine: bool = False
    over: bool = False


def next_step(one: Filing, packet: Dispatch | None, actor: Actor, now: datetime) -> Next:
    """Say what a paper waits for."""
    if one.status == "submitted":
        return _on_its_way(packet, actor)
    steps: dict[str, Callable[[], Next]] = {
        "draft": lambda: _officer(actor, Text("填写并确认完整", "fill it in and declare it complete")),
        "complete": lambda: _another(one, actor, Text("复核签发", "sign it off")),
        "signed_off": lambda: _officer(actor, Text("发送", "send it")),
        "acknowledged": lambda: _another(one, actor, Text("登记主管部门的接受", "take down that it was accepted")),
        "returned": lambda: Next(
            Text("待起草人改正", "the author must correct it"), actor.id == one.author and OFFICER in actor.roles
        ),
        "accepted": lambda: Next(
            Text(f"{one.valid_from} 起自动生效", f"it takes effect by itself on {one.valid_from}"), over=True
        ),
        "valid": lambda: _in_force(one, now),
        "suspended": lambda: Next(
            Text("待合规专员登记恢复或撤销", "a compliance officer must note whether it is resumed or revoked"),
            COMPLIANCE in actor.roles,
        ),
    }
    found = steps.get(one.status)
    return found() if found else Next(Text("已结束", "nothing; it is over"), over=True)


def _on_its_way(packet: Dispatch | None, actor: Actor) -> Next:
    if packet is None:
        return _officer(actor, Text("登记送达或答复", "take down the arrival or the answer"))
    if packet.status in ("waiting", "sending"):
        return Next(Text("系统正在发送", "it is being sent by itself"))
    doing = {
        "handed": Text("递交并登记回执号", "bring it there and note the receipt"),
        "unsure": Text("向主管部门核实是否送达", "check with the authority whether it arrived"),
        "failed": Text("排除原因后重发", "mend the cause and send it again"),
    }
    return _officer(actor, doing.get(packet.status, Text("登记答复", "take down the answer")))


def _in_force(one: Filing, now: datetime) -> Next:
    if one.valid_until is None:
        return Next(Text("无需办理", "nothing to do"), over=True)
    if one.valid_until < beijing_date(now).isoformat():
        return Next(Text(f"有效期已于 {one.valid_until} 届满", f"its validity ended on {one.valid_until}"), over=True)
    return Next(Text(f"有效至 {one.valid_until}", f"it is valid until {one.valid_until}"), over=True)


def _officer(actor: Actor, what: Text) -> Next:
    return Next(Text(f"待准入专员{what.zh}", f"a homologation officer must {what.en}"), OFFICER in actor.roles)


def _another(one: Filing, actor: Actor, what: Text) -> Next:
    mine = OFFICER in actor.roles and actor.id != one.author
    return Next(
        Text(f"待另一名准入专员{what.zh}（非起草人）", f"another homologation officer than the author must {what.en}"),
        mine,
    )


def verbs(one: Filing, actor: Actor, *, whole: bool, differs: bool) -> tuple[Verb, ...]:
    """Give what can be done with a paper as it stands, apart from what has a form of its own.

    `whole`: it lacks nothing by itself for its next step; `differs`: it contradicts the other authority's paper.
    """
    open_packet = _OPEN_PACKET if one.status == "submitted" and one.submitted_on is None else None
    whys: dict[str, Text | None] = {
        "complete": None if whole else _FINDINGS,
        "sign_off": OWN_SIGN_OFF if actor.id == one.author else None if whole and not differs else _FINDINGS,
        "submit": None if whole and not differs else _FINDINGS,
        "amend": None if actor.id == one.author else NOT_AUTHOR,
        "return": open_packet,
        "refuse": open_packet,
    }
    offered = []
    for verb, (name, label, consequence, asks_reason, primary) in _VERBS.items():
        if (one.status, verb) in _MOVES:
            why = _role(FILING.move(one.status, verb).role, actor) or whys.get(verb)
            offered.append(_verb(name, label, why, consequence, asks_reason=asks_reason, primary=primary))
    return tuple(offered)


def packet_verbs(packet: Dispatch | None, actor: Actor) -> tuple[Verb, ...]:
    """Give what can be done with a packet, apart from confirming it, which has a form of its own."""
    if packet is None:
        return ()
    why = _role(OFFICER, actor)
    offered = []
    if packet.status in ("unsure", "failed"):
        told = Text(
            "仅当确定主管部门没有收到时才重发；请写明向谁核实、如何得知。",
            "Only when the authority surely has it not. Say who said so, and how.",
        )
        offered.append(_verb("resend", Text("重发", "Send again"), why, told, asks_reason=True))
    if packet.status in ("waiting", "handed", "failed"):
        told = Text("该数据包不再发送，文件回到待发送状态。", "It goes out no more; the paper is ready to send again.")
        offered.append(_verb("cancel", Text("取消发送", "Do not send"), why, told, asks_reason=True))
    return tuple(offered)


def accepting(one: Filing, documents: Sequence[Document], actor: Actor) -> Verb | None:
    """Give whether the reader can take down an acceptance, and if not, why; None where there is none to take down."""
    if (one.status, "accept") not in _MOVES:
        return None
    why = _role(OFFICER, actor) or (OWN_ACCEPT if actor.id == one.author else None)
    why = why or (_OPEN_PACKET if one.submitted_on is None else None)
    stored = any(paper.role is Role.RECEIPT for paper in documents)
    return _verb("accept", Text("登记接受", "It was accepted"), why or (None if stored else NO_RECEIPT), Text("", ""))


def confirming_scan(paper: Document, actor: Actor) -> Text | None:
    """Say why the reader cannot confirm a scan; None when nothing hinders."""
    return _role(OFFICER, actor) or (OWN_SCAN if paper.author == actor.id else None)


def role_missing(role: str, actor: Actor) -> Text | None:
    """Say why an actor without a role cannot; None when the actor holds it."""
    return _role(role, actor)


def _role(role: str, actor: Actor) -> Text | None:
    if role in actor.roles:
        return None
    name = ROLES[role]
    return Text(f"须由{name.zh}办理。", f"This needs the role {name.en}.")


def _verb(name: str, label: Text, why: Text | None, consequence: Text, **more: bool) -> Verb:
    return Verb(name, label, why is None, why or Text("", ""), consequence, **more)


_MOVES = frozenset((move.state, move.verb) for move in FILING.moves)
_LEASES = Text("以此为依据的放行随即终止。", "Leases that rest on it end at once.")
# By the verb of the life cycle: name in the address, label, what follows, whether it asks for a reason, primary.
_VERBS: dict[str, tuple[str, Text, Text, bool, bool]] = {
    "complete": (
        "complete", Text("填写完整", "Complete"),
        Text("之后由另一名专员复核签发。", "Another officer then signs it off."), False, True,
    ),
    "sign_off": (
        "sign-off", Text("复核签发", "Sign off"),
        Text("您确认内容属实，可以发送。", "You stand for it that it may go out as it is."), False, True,
    ),
    "submit": (
        "send", Text("发送", "Send"),
        Text("生成全部表格并交给该主管部门的渠道。", "All forms are drawn and given to the authority's channel."),
        False, True,
    ),
    "amend": (
        "amend", Text("着手改正", "Begin the correction"),
        Text("重新成为草稿，须再次签发。", "It is a draft again, and is signed off again."), False, True,
    ),
    "reopen": (
        "reopen", Text("退回起草", "Reopen"),
        Text("重新成为草稿，签发作废。", "It is a draft again; the sign-off is void."), False, False,
    ),
    "drop": ("drop", Text("放弃", "Drop"), Text("此件不再提交。", "It is never sent."), True, False),
    "return": (
        "return", Text("登记退回", "It was sent back"),
        Text("登记主管部门要求改正。", "Note that the authority wants it corrected."), True, False,
    ),
    "refuse": (
        "refuse", Text("登记拒绝", "It was refused"),
        Text("登记主管部门拒绝；此件到此为止。", "Note that the authority refused; this ends the paper."), True, False,
    ),
    "suspend": ("suspend", Text("登记中止", "It was suspended"), _LEASES, True, False),
    "resume": (
        "resume", Text("登记恢复", "It was resumed"), Text("重新生效。", "It is in force again."), True, False,
    ),
    "revoke": ("revoke", Text("登记撤销", "It was revoked"), _LEASES, True, False),
    "withdraw": ("withdraw", Text("撤回", "Withdraw"), _LEASES, True, False),
    "close": ("close", Text("办结", "Close"), _LEASES, True, False),
}  # fmt: skip
