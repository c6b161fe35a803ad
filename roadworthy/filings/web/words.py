"""How papers, their packets and their documents stand, and what happened to them, in words."""

from collections.abc import Mapping

from roadworthy.kernel.decision import Text
from roadworthy.webui.words import N_, Word

# In the order of the life cycle: what needs work first, what is over last.
STATUS: Mapping[str, Word] = {
    "draft": Word("○", N_("Being written"), "idle"),
    "complete": Word("…", N_("Waits for sign-off"), "warn"),
    "signed_off": Word("→", N_("Ready to send"), "warn"),
    "submitted": Word("▶", N_("Sent"), "info"),
    "acknowledged": Word("▷", N_("Arrived, no answer yet"), "info"),
    "returned": Word("↩", N_("Sent back for correction"), "bad"),
    "accepted": Word("◐", N_("Accepted, takes effect later"), "info"),
    "valid": Word("✓", N_("In force"), "ok"),
    "suspended": Word("‖", N_("Suspended"), "bad"),
    "refused": Word("✕", N_("Refused"), "bad"),
    "revoked": Word("✕", N_("Revoked"), "bad"),
    "withdrawn": Word("⊘", N_("Withdrawn"), "idle"),
    "expired": Word("⊘", N_("Expired"), "idle"),
    "amended": Word("↻", N_("Replaced"), "idle"),
    "closed": Word("■", N_("Closed"), "idle"),
}

PACKET: Mapping[str, Word] = {
    "waiting": Word("…", N_("Waits to be sent"), "info"),
    "sending": Word("▶", N_("Being sent"), "info"),
    "sent": Word("✓", N_("The channel has it"), "ok"),
    "handed": Word("→", N_("A person must send it"), "warn"),
    "unsure": Word("?", N_("Unknown: check with the authority"), "bad"),
    "failed": Word("✕", N_("Could not be sent"), "bad"),
    "cancelled": Word("⊘", N_("Not sent any more"), "idle"),
}

PACKET_SAID: Mapping[str, Text] = {
    "waiting": Text("发送程序将自动发送。", "It is sent by itself."),
    "sending": Text("正在发送，请等待结果。", "It is on its way; wait for what comes of it."),
    "sent": Text("渠道已确认收到；这还不是主管部门的答复。", "It arrived. That is not yet the authority's answer."),
    "handed": Text(
        "请按渠道要求递交（打印盖章，或逐项填入门户），随后在此登记回执号。",
        "Bring it there: print and stamp it, or copy the fields into the portal. Then note the receipt here.",
    ),
    "unsure": Text(
        "系统不知道主管部门是否已收到。请先向主管部门核实：已收到则登记，未收到则重发。未核实前不会自动重发。",
        "Nobody here knows whether the authority has it. Ask the authority first: if it has the paper, say so below; "
        "if not, send it again. Nothing is sent again by itself.",
    ),
    "failed": Text(
        "确定未送达。排除原因后重发，或取消发送。", "It surely did not arrive. Mend the cause, then send again."
    ),
    "cancelled": Text("该数据包未送达，也不再发送。", "This packet did not go out and will not."),
}

DOCUMENT: Mapping[str, Text] = {
    "form": Text("表格", "form"),
    "attachment": Text("附件", "attachment"),
    "scan": Text("盖章扫描件", "stamped scan"),
    "receipt": Text("回执", "receipt"),
}

EVENT: Mapping[str, Text] = {
    "filing.drafted": Text("起草", "drafted"),
    "filing.revised": Text("修改", "revised"),
    "filing.completed": Text("填写完整", "declared complete"),
    "filing.reopened": Text("退回起草", "reopened"),
    "filing.countersigned": Text("复核签发", "signed off"),
    "filing.dropped": Text("放弃", "dropped"),
    "filing.submitted": Text("提交", "submitted"),
    "filing.retracted": Text("确认未送达", "taken back: it did not go out"),
    "filing.package_delivered": Text("升级包送达", "package handed over"),
    "filing.acknowledged": Text("送达", "arrival confirmed"),
    "filing.accepted": Text("主管部门接受", "accepted by the authority"),
    "filing.returned": Text("主管部门退回", "sent back by the authority"),
    "filing.refused": Text("主管部门拒绝", "refused by the authority"),
    "filing.amended": Text("着手改正", "correction begun"),
    "filing.activated": Text("生效", "took effect"),
    "filing.closed": Text("办结", "closed"),
    "filing.superseded": Text("被新件取代", "replaced"),
    "filing.suspended": Text("中止", "suspended"),
    "filing.resumed": Text("恢复", "resumed"),
    "filing.revoked": Text("撤销", "revoked"),
    "filing.withdrawn": Text("撤回", "withdrawn"),
    "filing.expired": Text("到期", "expired"),
    "filing.drawn": Text("生成表格", "form drawn"),
    "filing.attached": Text("上传文件", "file stored"),
    "filing.scan_confirmed": Text("确认扫描件", "scan confirmed"),
    "dispatch.queued": Text("数据包待发", "packet made"),
    "dispatch.claimed": Text("开始发送", "sending begun"),
    "dispatch.sent": Text("数据包送达", "packet sent"),
    "dispatch.handed": Text("数据包交由人工递交", "packet handed to a person"),
    "dispatch.doubted": Text("是否送达不明", "arrival unknown"),
    "dispatch.postponed": Text("稍后再发", "sending postponed"),
    "dispatch.failed": Text("发送失败", "sending failed"),
    "dispatch.asked": Text("已向渠道查询", "the channel was asked"),
    "dispatch.answered_late": Text("渠道迟到的答复", "the channel answered late"),
    "dispatch.found": Text("渠道称已收到", "the channel has it"),
    "dispatch.missed": Text("渠道称未收到", "the channel has it not"),
    "dispatch.confirmed": Text("人工确认送达", "arrival confirmed by a person"),
    "dispatch.resent": Text("重发", "sent again"),
    "dispatch.cancelled": Text("取消发送", "sending cancelled"),
    "action.refused": Text("操作被拒绝", "an attempt was refused"),
}
