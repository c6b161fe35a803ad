"""The words of campaigns as the console shows them."""

from collections.abc import Mapping

from roadworthy.kernel.decision import Text
from roadworthy.webui.words import N_, Word

CAMPAIGN: Mapping[str, Word] = {
    "draft": Word("○", N_("Draft"), "idle"),
    "approved": Word("○", N_("Approved"), "info"),
    "running": Word("▶", N_("Running"), "info"),
    "paused": Word("‖", N_("Paused"), "warn"),
    "held": Word("‖", N_("Held at gate"), "warn"),
    "stopped": Word("⊘", N_("Stopped"), "bad"),
    "completed": Word("✓", N_("Completed"), "ok"),
}
CAMPAIGN_CHOICES = tuple(CAMPAIGN)

WAVE: Mapping[str, Word] = {
    **CAMPAIGN,
    "planned": Word("○", N_("Planned"), "idle"),
    "open": Word("▶", N_("Being delivered"), "info"),
    "done": Word("✓", N_("Done"), "ok"),
}

# In the order of the bars: what is proved first, what has not begun last.
VEHICLE: Mapping[str, Word] = {
    "attested": Word("✓", N_("Installed, attested"), "c1"),
    "reported": Word("◔", N_("Reported only"), "c7"),
    "installing": Word("⚙", N_("Installing"), "c2"),
    "downloading": Word("↓", N_("Downloading"), "c2"),
    "offered": Word("…", N_("Offered"), "c3"),
    "failed": Word("✕", N_("Failed"), "c4"),
    "cancelling": Word("⊘", N_("Being cancelled"), "c5"),
    "cancelled": Word("⊘", N_("Cancelled"), "c5"),
    "held": Word("‖", N_("Held"), "c6"),
    "planned": Word("○", N_("Planned"), "c0"),
}
# What the table can be filtered by: a vehicle that has not called yet has no line.
VEHICLE_CHOICES = tuple(key for key in VEHICLE if key not in {"held", "planned"})

# The tone of a vehicle's tag in the table.
VEHICLE_TONE: Mapping[str, str] = {
    "attested": "ok",
    "reported": "info",
    "installing": "info",
    "downloading": "info",
    "offered": "warn",
    "failed": "bad",
    "cancelling": "idle",
    "cancelled": "idle",
}

# Notice 45, section I.3.2: the four classes a to d.
LABEL: Mapping[str, Word] = {
    "general": Word("a", N_("Class a: general"), "info"),
    "parameters": Word("b", N_("Class b: technical parameters"), "info"),
    "automated_driving": Word("c", N_("Class c: automated driving"), "info"),
    "recall": Word("d", N_("Class d: recall"), "info"),
}

# What a gate rests on, and how it stands there.
EVIDENCE: Mapping[str, Word] = {
    "valid": Word("✓", N_("in force"), "ok"),
    "accepted": Word("✓", N_("accepted"), "ok"),
    "acknowledged": Word("…", N_("acknowledged"), "warn"),
    "submitted": Word("…", N_("submitted"), "warn"),
    "signed_off": Word("○", N_("signed off"), "idle"),
    "complete": Word("○", N_("complete"), "idle"),
    "draft": Word("○", N_("draft"), "idle"),
    "returned": Word("↩", N_("returned"), "bad"),
    "refused": Word("✕", N_("refused"), "bad"),
    "withdrawn": Word("⊘", N_("withdrawn"), "bad"),
    "expired": Word("⊘", N_("expired"), "bad"),
    "suspended": Word("⊘", N_("suspended"), "bad"),
    "revoked": Word("⊘", N_("revoked"), "bad"),
    "amended": Word("⊘", N_("replaced by an amendment"), "bad"),
    "closed": Word("⊘", N_("closed"), "idle"),
    "checked": Word("✓", N_("checked by a second person"), "ok"),
    "unchecked": Word("…", N_("not yet checked by a second person"), "warn"),
}

FILINGS: Mapping[str, Text] = {
    "miit_enterprise": Text("工信部企业管理能力备案", "MIIT enterprise filing"),
    "miit_type": Text("工信部车型及功能备案", "MIIT model and function filing"),
    "miit_activity": Text("工信部升级活动备案", "MIIT activity filing"),
    "miit_change_permit": Text("工信部产品变更许可", "MIIT product change permit"),
    "samr_record": Text("市场监管总局备案", "SAMR record"),
    "recall_plan": Text("召回计划备案", "recall plan"),
    "l3_permit": Text("工信部自动驾驶准入许可", "MIIT permission for automated driving"),
}

# Events about a campaign, as the list of what happened tells them.
HAPPENINGS: Mapping[str, str] = {
    "campaign.created": N_("Campaign planned"),
    "campaign.approved": N_("Campaign approved"),
    "campaign.started": N_("Campaign started"),
    "campaign.advanced": N_("Next wave asked for"),
    "campaign.paused": N_("Campaign paused"),
    "campaign.held": N_("Held: the gate no longer holds"),
    "campaign.resumed": N_("Campaign resumed"),
    "campaign.stopped": N_("Campaign stopped"),
    "campaign.completed": N_("Campaign completed"),
    "wave.opened": N_("Wave opened"),
    "action.refused": N_("Refused"),
}

# No outcome changes any more: the page need not ask again.
FINISHED = frozenset({"completed", "stopped"})

# Here the campaign's own state is the first thing to say, not the gate's.
SPEAK_BEFORE_THE_GATE = FINISHED | {"draft", "paused", "held"}
