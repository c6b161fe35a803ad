"""The verbs of campaigns: plan and run them, ask the gate, answer vehicles."""

from roadworthy.campaigns.actions.contact import (
    ActionClosed,
    Offer,
    TooManyReports,
    contact,
    current_offer,
    offer_of,
    report,
    settle,
    vehicle_actor,
)
from roadworthy.campaigns.actions.gating import (
    GateClosed,
    close_leases,
    hold,
    judge_wave,
    live_lease,
    live_leases,
    recheck,
    renew,
)
from roadworthy.campaigns.actions.running import (
    Plan,
    advance,
    approve,
    complete,
    create,
    pause,
    resume,
    start,
    stop,
)

__all__ = [
    "ActionClosed", "GateClosed", "Offer", "Plan", "TooManyReports", "advance", "approve", "close_leases", "complete",
    "contact", "create", "current_offer", "hold", "judge_wave", "live_lease", "live_leases", "offer_of", "pause",
    "recheck", "renew", "report", "resume", "settle", "start", "stop", "vehicle_actor",
]  # fmt: skip
