"""How packs and decisions about them stand, in words."""

from collections.abc import Mapping

from roadworthy.kernel.decision import Text
from roadworthy.webui.words import N_, Word

PACK: Mapping[str, Word] = {
    "in_force": Word("✓", N_("In force"), "ok"),
    "draft": Word("○", N_("Draft"), "idle"),
    "in_review": Word("…", N_("Waits for signatures"), "warn"),
    "approved": Word("✓", N_("Signed by both"), "info"),
    "shadow": Word("◐", N_("On trial"), "warn"),
    "superseded": Word("↻", N_("Replaced"), "idle"),
    "retired": Word("⊘", N_("Put away"), "idle"),
}

ACTIVATION: Mapping[str, Word] = {
    "proposed": Word("…", N_("Waits for confirmation"), "warn"),
    "confirmed": Word("▶", N_("Confirmed, to come"), "info"),
    "in_effect": Word("✓", N_("In effect"), "ok"),
    "ended": Word("⊘", N_("Ended"), "idle"),
    "withdrawn": Word("⊘", N_("Taken back"), "idle"),
}

MODES: Mapping[str, Text] = {
    "in_force": Text("生效", "in force"),
    "shadow": Text("试运行（只提示，不阻断）", "on trial (it warns and blocks nothing)"),
}

ABOUT: Mapping[str, Text] = {
    "upgrade": Text("软件升级", "upgrades"),
    "incident": Text("事件与事故", "incidents"),
}
