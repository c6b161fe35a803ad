"""The tables of clocks and the only SQL over them."""

from roadworthy.clocks.store.board import Wanted, by_due, count_running, duties_known
from roadworthy.clocks.store.duties import (
    cancel_timer,
    claim_due,
    fire_timer,
    load,
    load_all,
    lock,
    lock_pending,
    move,
    newest,
    of_duty,
    page,
    provisional,
    running_for,
    satisfied_with,
    save,
    timers_of,
    told,
)
from roadworthy.clocks.store.tables import clock, clock_watch, notice, outbox, timer

__all__ = [
    "Wanted", "by_due", "cancel_timer", "claim_due", "clock", "clock_watch", "count_running", "duties_known",
    "fire_timer", "load", "load_all", "lock", "lock_pending", "move", "newest", "notice", "of_duty", "outbox", "page",
    "provisional", "running_for", "satisfied_with", "save", "timer", "timers_of", "told",
]  # fmt: skip
