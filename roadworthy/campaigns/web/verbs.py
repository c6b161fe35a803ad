"""What the campaign's verbs are called, the sentence a person confirms, and why one cannot be done now."""

from collections.abc import Sequence
from dataclasses import dataclass

from roadworthy.campaigns.model import Campaign, Wave
from roadworthy.campaigns.states import CAMPAIGN
from roadworthy.database import Actor
from roadworthy.kernel.decision import Text
from roadworthy.webui.verbs import Verb
from roadworthy.webui.words import ROLES

GATED = frozenset({"start", "advance", "resume"})


@dataclass(frozen=True)
class Said:
    """A verb's label and what it does."""

    label: Text
    consequence: Text


VERBS = {
    "approve": Said(
        Text("批准任务", "Approve campaign"),
        Text("批准后可以开始；您不能是任务的作者。", "After this it can start; you cannot be its author."),
    ),
    "start": Said(
        Text("开始第一批", "Start first wave"),
        Text(
            "门禁将再次检查，通过后第一批车辆开始接收升级。",
            "The gate is asked again; then the first wave receives it.",
        ),
    ),
    "advance": Said(
        Text("开放下一批", "Release next wave"),
        Text(
            "门禁将再次检查，通过后下一批车辆开始接收升级。", "The gate is asked again; then the next wave receives it."
        ),
    ),
    "pause": Said(
        Text("暂停", "Pause campaign"),
        Text("不再向任何车辆提供升级，下载链接立即失效。", "Nothing is offered any more and links stop at once."),
    ),
    "resume": Said(
        Text("恢复", "Resume campaign"),
        Text("门禁将对所有已开放批次再次检查。", "The gate is asked again for every open wave."),
    ),
    "stop": Said(
        Text("终止", "Stop campaign"),
        Text("任务永久终止，已开始的车辆将被要求取消。", "It ends for good; vehicles that began are told to cancel."),
    ),
    "complete": Said(
        Text("完成", "Complete campaign"),
        Text("任务完成；完成报告应在 5 个工作日内提交。", "It is complete; the report is due within 5 working days."),
    ),
}


def verbs(campaign: Campaign, actor: Actor, unmet: Sequence[str], waves: Sequence[Wave]) -> tuple[Verb, ...]:
    """Give the verbs of the campaign's state; one that this person cannot do now says why."""
    found = []
    for move in CAMPAIGN.moves:
        if move.state != campaign.status or not move.role:
            continue
        reason = _why_not(move.verb, move.role, campaign, actor, unmet, waves)
        said = VERBS[move.verb]
        found.append(
            Verb(
                move.verb,
                said.label,
                enabled=reason is None,
                reason=reason or Text("", ""),
                consequence=said.consequence,
                typed=move.verb == "stop",
                primary=move.verb in GATED | {"approve"},
            )
        )
    return tuple(found)


def _why_not(
    verb: str, role: str, campaign: Campaign, actor: Actor, unmet: Sequence[str], waves: Sequence[Wave]
) -> Text | None:
    if role not in actor.roles:
        name = ROLES[role]
        return Text(f"需要{name.zh}的角色，请由其办理。", f"This is for a {name.en} to do.")
    if verb == "approve" and actor.id == campaign.author_id:
        return Text(
            "作者不能批准自己的任务，请他人批准。", "The author cannot approve the own campaign; ask another person."
        )
    if verb == "advance" and all(wave.status != "planned" for wave in waves):
        return Text("所有批次均已开放。", "All waves are open already.")
    if verb in GATED and unmet:
        return Text(f"门禁未满足：{'、'.join(unmet)}。", f"The gate is not open: {', '.join(unmet)}.")
    return None
