"""Life cycles of a campaign, of its waves, and of a vehicle's action (device-API states of the field)."""

from roadworthy.kernel.lifecycle import Lifecycle, Move

_MANAGER = "release_manager"

CAMPAIGN = Lifecycle(
    "campaign",
    "draft",
    (
        Move("draft", "approve", "approved", _MANAGER, "N45 II.3"),
        Move("draft", "stop", "stopped", _MANAGER, "N45 II.3"),
        Move("approved", "start", "running", _MANAGER, "N45 I.3.2"),
        Move("approved", "stop", "stopped", _MANAGER, "N45 II.3"),
        Move("running", "advance", "running", _MANAGER, "N45 I.3.2"),
        Move("running", "pause", "paused", _MANAGER, "N45 II.3"),
        Move("running", "hold", "held", "", "N45 I.3.2"),
        Move("running", "stop", "stopped", _MANAGER, "N45 II.3"),
        Move("running", "complete", "completed", _MANAGER, "N45 II.3"),
        Move("paused", "resume", "running", _MANAGER, "N45 I.3.2"),
        Move("paused", "stop", "stopped", _MANAGER, "N45 II.3"),
        Move("paused", "complete", "completed", _MANAGER, "N45 II.3"),
        Move("held", "resume", "running", _MANAGER, "N45 I.3.2"),
        Move("held", "stop", "stopped", _MANAGER, "N45 II.3"),
    ),
)

WAVE = Lifecycle("wave", "planned", (Move("planned", "open", "open", _MANAGER, "N45 I.3.2"),))

_VEHICLE = "vehicle"
_ACTIVE = ("offered", "retrieved", "downloading", "installing", "reported")

# A vehicle reports what it likes, in any order and more than once: what is no move here is kept as its word and
# moves nothing. Only a signed manifest that shows the expected hash leads to `attested`, and only from there or
# from `failed`, `cancelled` is there no way back.
ACTION = Lifecycle(
    "action",
    "offered",
    (
        Move("offered", "retrieve", "retrieved", _VEHICLE),
        *(Move(s, "download", "downloading", _VEHICLE) for s in ("offered", "retrieved", "downloading")),
        *(Move(s, "install", "installing", _VEHICLE) for s in ("offered", "retrieved", "downloading", "installing")),
        *(Move(s, "report", "reported", _VEHICLE) for s in _ACTIVE),
        *(Move(s, "attest", "attested", _VEHICLE, "N45 II.3") for s in (*_ACTIVE, "cancelling")),
        *(Move(s, "fail", "failed", _VEHICLE, "N45 II.3") for s in _ACTIVE),
        *(Move(s, "cancel", "cancelling", _MANAGER, "N45 II.3") for s in ("retrieved", "downloading", "installing")),
        Move("offered", "cancel", "cancelled", _MANAGER, "N45 II.3"),
        *(Move(s, "give_up", "cancelled", _VEHICLE) for s in (*_ACTIVE[:-1], "cancelling")),
        Move("cancelling", "confirm_cancel", "cancelled", _VEHICLE),
        Move("cancelling", "report", "reported", _VEHICLE),  # it went on, although it was told to cancel
        Move("cancelling", "refuse_cancel", "installing", _VEHICLE),
        Move("cancelling", "fail", "failed", _VEHICLE, "N45 II.3"),
    ),
)
