"""Life cycles of a clock and of its timers.

No move has a role: a clock is started and ended inside an action of another room, which asked for the role it needs.
"""

from roadworthy.kernel.lifecycle import Lifecycle, Move

CLOCK = Lifecycle(
    "clock",
    "running",
    (
        Move("running", "satisfy", "satisfied"),
        Move("running", "cancel", "cancelled"),
        Move("running", "correct", "superseded"),
        # What was acknowledged stays so; whether it was in time follows from the corrected clock.
        Move("satisfied", "correct", "superseded"),
    ),
)

TIMER = Lifecycle(
    "timer",
    "pending",
    (Move("pending", "fire", "fired"), Move("pending", "cancel", "cancelled")),
)
