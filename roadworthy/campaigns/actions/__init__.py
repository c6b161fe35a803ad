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
    judge_wave,
    live_lease,
    live_leases,
    recheck,
    renew,
)
from roadworthy.campaigns.actions.outcome import register_permitted
from roadworthy.campaigns.actions.reporting import acknowledge, start_due_clocks
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
from roadworthy.campaigns.actions.targets import aims_at

__all__ = [
    "ActionClosed", "GateClosed", "Offer", "Plan", "TooManyReports", "acknowledge", "advance", "aims_at", "approve",
    "complete", "contact", "create", "current_offer", "judge_wave", "live_lease", "live_leases", "offer_of", "pause",
    "recheck", "register_permitted", "renew", "report", "resume", "settle", "start", "start_due_clocks", "stop",
    "vehicle_actor",
]  # fmt: skip
