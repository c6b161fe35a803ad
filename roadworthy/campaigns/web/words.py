"""The words of campaigns as the console shows them."""

from collections.abc import Mapping

from roadworthy.webui.words import N_, Word

CAMPAIGN: Mapping[str, Word] = {
    "draft": Word("○", N_("Draft"), "idle"),
    "planned": Word("○", N_("Planned"), "idle"),
    "running": Word("▶", N_("Running"), "info"),
    "paused": Word("‖", N_("Paused"), "warn"),
    "held": Word("‖", N_("Held at gate"), "warn"),
    "blocked": Word("✕", N_("Blocked at gate"), "bad"),
    "rolling_back": Word("↺", N_("Rolling back"), "warn"),
    "stopped": Word("⊘", N_("Stopped"), "bad"),
    "completed": Word("✓", N_("Completed"), "ok"),
}

WAVE: Mapping[str, Word] = {
    **CAMPAIGN,
    "pending": Word("○", N_("Planned"), "idle"),
    "released": Word("▶", N_("Released"), "info"),
    "started": Word("▶", N_("Running"), "info"),
}

# In the order of the bars: what is proved first, what has not begun last.
VEHICLE: Mapping[str, Word] = {
    "attested": Word("✓", N_("Installed, attested"), "c1"),
    "reported": Word("◔", N_("Reported only"), "c7"),
    "downloading": Word("↓", N_("Downloading"), "c2"),
    "offered": Word("…", N_("Offered"), "c3"),
    "failed": Word("✕", N_("Failed"), "c4"),
    "rolled_back": Word("↺", N_("Rolled back"), "c5"),
    "held": Word("‖", N_("Held"), "c6"),
    "planned": Word("○", N_("Planned"), "c0"),
}

# The tone of a vehicle's tag in the table.
VEHICLE_TONE: Mapping[str, str] = {
    "attested": "ok",
    "reported": "info",
    "downloading": "info",
    "offered": "warn",
    "failed": "bad",
    "rolled_back": "bad",
    "held": "idle",
    "planned": "idle",
}

# Notice 45, section I.3.2: the four classes a to d.
LABEL: Mapping[str, Word] = {
    "general": Word("a", N_("Class a: general"), "info"),
    "parameters": Word("b", N_("Class b: technical parameters"), "info"),
    "automated_driving": Word("c", N_("Class c: automated driving"), "info"),
    "recall": Word("d", N_("Class d: recall"), "info"),
}

# No outcome changes any more: the page need not ask again.
FINISHED = frozenset({"completed", "stopped"})

# States that already say what the gate says: a second tag would only repeat it.
SPEAK_FOR_THE_GATE = frozenset({"blocked", "held"})
