"""The first sentence of the campaign page: can it go on, and if not, why."""

from collections.abc import Sequence

from roadworthy.campaigns.model import Campaign
from roadworthy.campaigns.web.page import GateRow, WaveBar
from roadworthy.kernel.decision import Outcome, Text

_NAMED = 3


def headline(campaign: Campaign, gate: Sequence[GateRow], waves: Sequence[WaveBar], *, leased: bool) -> Text:
    """Say it in one line, from the state of the campaign, its gate and its lease."""
    unmet = [row for row in gate if row.state is not Outcome.OPEN]
    match campaign.status:
        case "completed" | "stopped":
            return _over(campaign.status, waves)
        case "draft":
            return _join(
                Text("等待第二人批准。", "It waits for the approval of a second person."),
                _missing(unmet) if unmet else Text("", ""),
            )
        case "approved":
            ready = Text("所有要求均已满足，可以开始。", "Everything the law asks is there; it can start.")
            return _join(Text("不能开始。", "It cannot start."), _missing(unmet)) if unmet else ready
        case "paused":
            said = Text("不向任何车辆提供升级。", "Nothing is offered to any vehicle.")
            return _join(said, _missing(unmet) if unmet else Text("可以恢复。", "It can be resumed."))
        case "held":
            said = Text("门禁不再满足，推送已自动停止。", "The gate no longer holds; delivery stopped by itself.")
            again = Text("现已重新满足，可以恢复。", "It holds again: the campaign can be resumed.")
            return _join(said, _missing(unmet) if unmet else again)
    return _running(unmet, waves, leased=leased)


def _running(unmet: Sequence[GateRow], waves: Sequence[WaveBar], *, leased: bool) -> Text:
    if not leased:
        none = Text(
            "没有有效的放行租约，不向任何车辆提供升级。", "There is no lease: nothing is offered to any vehicle."
        )
        return _join(none, _missing(unmet)) if unmet else none
    if unmet:
        return _join(
            Text("现有租约到期后不再推送。", "Delivery ends with the present lease."),
            _missing(unmet),
        )
    planned = [wave.number for wave in waves if wave.status == "planned"]
    if planned:
        n = planned[0]
        return Text(
            f"所有要求均已满足；第 {n} 批可以开放。", f"Everything the law asks is there; wave {n} can be released."
        )
    return Text("所有要求均已满足；各批次均已开放。", "Everything the law asks is there; all waves are open.")


def _over(status: str, waves: Sequence[WaveBar]) -> Text:
    total = sum(wave.vehicles for wave in waves)
    done = sum(wave.counts.get("attested", 0) for wave in waves)
    how = Text("永久终止。", "It was stopped for good.") if status == "stopped" else Text("", "")
    return _join(
        how,
        Text(
            f"{total:,} 辆车中 {done:,} 辆已证实安装新软件。",
            f"{done:,} of {total:,} vehicles attest the new software.",
        ),
    )


def _missing(unmet: Sequence[GateRow]) -> Text:
    titles, more = [row.title for row in unmet[:_NAMED]], len(unmet) - _NAMED
    zh, en = "、".join(t.zh for t in titles), "; ".join(t.en for t in titles)
    if more > 0:
        return Text(f"尚缺：{zh}等 {len(unmet)} 项。", f"Not met: {en}; and {more} more.")
    return Text(f"尚缺：{zh}。", f"Not met: {en}.")


def _join(first: Text, second: Text) -> Text:
    return Text(f"{first.zh}{second.zh}", f"{first.en} {second.en}".strip())
