"""What the campaign's verbs are called, and the sentence a person confirms."""

from dataclasses import dataclass

from roadworthy.kernel.decision import Text


@dataclass(frozen=True)
class Said:
    """A verb's label and what it does."""

    label: Text
    consequence: Text


VERBS = {
    "approve": Said(
        Text("批准任务", "Approve campaign"),
        Text("批准后可以开始;您不能是任务的作者。", "After this it can start; you cannot be its author."),
    ),
    "start": Said(
        Text("开始第一批", "Start first wave"),
        Text(
            "门禁将再次检查,通过后第一批车辆开始接收升级。", "The gate is asked again; then the first wave receives it."
        ),
    ),
    "advance": Said(
        Text("开放下一批", "Release next wave"),
        Text(
            "门禁将再次检查,通过后下一批车辆开始接收升级。", "The gate is asked again; then the next wave receives it."
        ),
    ),
    "pause": Said(
        Text("暂停", "Pause campaign"),
        Text("不再向任何车辆提供升级,下载链接立即失效。", "Nothing is offered any more and links stop at once."),
    ),
    "resume": Said(
        Text("恢复", "Resume campaign"),
        Text("门禁将对所有已开放批次再次检查。", "The gate is asked again for every open wave."),
    ),
    "stop": Said(
        Text("终止", "Stop campaign"),
        Text("任务永久终止,已开始的车辆将被要求取消。", "It ends for good; vehicles that began are told to cancel."),
    ),
    "complete": Said(
        Text("完成", "Complete campaign"),
        Text("任务完成;完成报告应在 5 个工作日内提交。", "It is complete; the report is due within 5 working days."),
    ),
}
