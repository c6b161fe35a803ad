"""Who must still act on a version, and what the reader can do: four eyes are said before anybody tries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from roadworthy.database import Actor
from roadworthy.kernel.decision import Text
from roadworthy.rulebook import rules
from roadworthy.rulebook.model import Activation, Approval, Mode, PackVersion
from roadworthy.webui.verbs import Verb
from roadworthy.webui.words import ROLES

ADMINISTRATOR = "administrator"
_AUTHOR = Text("您是该规则包的作者，须由他人签署。", "You are the author of this pack; another person must sign.")
_SIGNED = Text("您已签署过，另一签署须由他人完成。", "You have signed already; another person must give this one.")
_PROPOSER = Text("您是提议人，须由他人确认。", "You proposed it; another person must confirm.")
_RUNNING = Text("该版本已有确认的安排，请等待其生效。", "This version is activated already; let that take its course.")
_PROPOSED = Text("已有提议待确认。", "A proposal of it waits for confirmation already.")
_FILE = Text(
    "文件本身写的不是 approved（或 shadow），请以新版本重新提交。",
    "The file itself says neither approved nor shadow; bring it in again as another version.",
)
_NEEDED = Text("该版本正在生效或即将生效。", "This version is in force or going to be.")


@dataclass(frozen=True)
class Waiting:
    """What waits for a person: which roles may act, and whether the reader is one who may."""

    version: PackVersion
    status: str
    needs: Text
    mine: bool


def next_signer(given: Sequence[Approval]) -> str:
    """Give the role that signs next: counsel first, then the second."""
    return rules.SECOND if given else rules.COUNSEL


def waiting(
    version: PackVersion, given: Sequence[Approval], activations: Sequence[Activation], actor: Actor
) -> Waiting | None:
    """Say what a version waits for; None when nobody need act."""
    proposed = [one for one in activations if one.status == "proposed"]
    if proposed:
        needs = _by(rules.SECOND, Text("确认提议", "confirm the proposal"))
        return Waiting(version, "proposed", needs, any(confirming(one, actor)[0].enabled for one in proposed))
    if version.status == "draft":
        return Waiting(
            version, "draft", _by(ADMINISTRATOR, Text("提交审阅", "submit it")), ADMINISTRATOR in actor.roles
        )
    if version.status == "in_review":
        needs = _by(next_signer(given), Text("阅读并签署", "read and sign it"))
        return Waiting(version, "in_review", needs, _why_not_sign(version, given, actor) is None)
    if version.status == "approved" and not any(one.status in ("confirmed", "in_effect") for one in activations):
        needs = _by(rules.COUNSEL, Text("提议生效", "propose that it counts"))
        return Waiting(version, "approved", needs, rules.COUNSEL in actor.roles)
    return None


def verbs(
    version: PackVersion, given: Sequence[Approval], activations: Sequence[Activation], actor: Actor
) -> tuple[Verb, ...]:
    """Give what can be done with a version as it stands; what this person cannot do says why."""
    offered: dict[str, Callable[[], tuple[Verb, ...]]] = {
        "draft": lambda: _of_draft(actor),
        "in_review": lambda: _signing(version, given, actor),
        "approved": lambda: _activating(version, activations, actor),
        "shadow": lambda: _activating(version, activations, actor),
    }
    return offered.get(version.status, tuple)()


def confirming(one: Activation, actor: Actor) -> tuple[Verb, ...]:
    """Give what can be done with a proposal."""
    if one.status != "proposed":
        return ()
    why = _role(rules.SECOND, actor) or (_PROPOSER if one.proposer == actor.id else None)
    confirm = Text(
        "从所示时间起计入法规；过期则即刻。", "It counts from the moment shown, or from now when that is over."
    )
    withdraw = Text("撤回后可再次提议。", "It can be proposed again.")
    return (
        _verb("confirm", Text("确认", "Confirm"), why, confirm, primary=True),
        _verb("withdraw", Text("撤回", "Take back"), _role(rules.COUNSEL, actor), withdraw),
    )


def _of_draft(actor: Actor) -> tuple[Verb, ...]:
    why = _role(ADMINISTRATOR, actor)
    submit = Text("之后由两人依次签署；文件内容不能再改。", "Two people sign it then; its bytes stay as they are.")
    discard = Text("草稿作废，不能恢复。", "The draft is put away for good.")
    return (
        _verb("submit", Text("提交审阅", "Submit for signing"), why, submit, primary=True),
        _verb("discard", Text("作废", "Discard"), why, discard),
    )


def _signing(version: PackVersion, given: Sequence[Approval], actor: Actor) -> tuple[Verb, ...]:
    why = _why_not_sign(version, given, actor)
    sign = Text("您签署的正是此摘要所指的内容。", "You sign exactly the bytes that the digest names.")
    refuse = Text("该版本到此为止；修改后须以新版本提交。", "It ends this version; a mended one comes in as another.")
    return (
        _verb("sign", Text("签署同意", "Sign"), why, sign, primary=True),
        _verb("refuse", Text("拒绝", "Refuse"), why, refuse, asks_reason=True),
    )


def _activating(version: PackVersion, activations: Sequence[Activation], actor: Actor) -> tuple[Verb, ...]:
    role = _role(rules.COUNSEL, actor)
    coming = any(one.status == "confirmed" for one in activations)
    tried = any(one.status == "in_effect" and one.mode is Mode.SHADOW for one in activations)
    counts = any(one.status == "in_effect" and one.mode is Mode.IN_FORCE for one in activations)
    fit = version.file_status in ("approved", "shadow")
    proposed = any(one.status == "proposed" for one in activations)
    why = role or (None if fit else _FILE) or (_RUNNING if coming or counts else _PROPOSED if proposed else None)
    force = Text("须由另一人确认后才生效。", "It counts once another person has confirmed it.")
    offered = [_verb("propose", Text("提议生效", "Propose to put in force"), why, force, primary=True, asks_day=True)]
    if version.status == "approved" and not counts:
        fit_to_try = version.file_status == "approved"
        why_not_try = role or (
            (None if fit_to_try else _FILE) or (_RUNNING if coming or tried else _PROPOSED if proposed else None)
        )
        trial = Text(
            "须由另一人确认；试运行期间只显示会阻断什么，不改变任何决定。",
            "Once confirmed it shows what it would block and changes no decision.",
        )
        offered.append(_verb("try", Text("提议试运行", "Propose a trial"), why_not_try, trial, asks_day=True))
    away = Text("该版本作废，其试运行终止。", "The version is put away; its trial ends.")
    offered.append(
        _verb("retire", Text("停用", "Put away"), role or (_NEEDED if coming or counts else None), away, typed=True)
    )
    return tuple(offered)


def _why_not_sign(version: PackVersion, given: Sequence[Approval], actor: Actor) -> Text | None:
    if actor.id == version.author:
        return _AUTHOR
    if any(one.person == actor.id for one in given):
        return _SIGNED
    return _role(next_signer(given), actor)


def _role(role: str, actor: Actor) -> Text | None:
    if role in actor.roles:
        return None
    name = ROLES[role]
    return Text(f"须由{name.zh}办理。", f"This needs the role {name.en}.")


def _by(role: str, what: Text) -> Text:
    name = ROLES[role]
    article = "an" if name.en[:1] in "aeiou" else "a"
    return Text(f"待{name.zh}{what.zh}", f"{article} {name.en} must {what.en}")


def _verb(name: str, label: Text, why: Text | None, consequence: Text, **more: bool) -> Verb:
    return Verb(name, label, why is None, why or Text("", ""), consequence, **more)
