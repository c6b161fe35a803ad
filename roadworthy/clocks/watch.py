"""Whether anybody watches the clocks: they are polled, the time is right, messages arrive.

Nothing here is needed for a clock to show how it stands; it is for people to be reminded.
"""

from datetime import datetime, timedelta

from roadworthy.clocks.store import messages, watch
from roadworthy.database import Actor, Database, View
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.time import to_text

MOST_SILENCE = timedelta(seconds=30)
MOST_LATENESS = timedelta(seconds=60)
MOST_WAITING = timedelta(minutes=5)
MOST_STEP_BACK = timedelta(seconds=5)


class TimeWentBack(Broken):
    """The computer's time lies before the last heartbeat of the clocks; no reminder is given until it is right."""

    code = "time.went_back"


def check_time(view: View) -> datetime | None:
    """Give the last heartbeat of any poller, once sure that time has not gone back more than 5 s since.

    Raises TimeWentBack, which says what to do.
    """
    last = watch.last_tick(view)
    if last is not None and last - view.now > MOST_STEP_BACK:
        raise TimeWentBack(
            f"The computer's time is {to_text(view.now)}, but the clocks were polled at {to_text(last)}: it went back, "
            "and no reminder is given. Set the time right (NTP); if the time of that poll was the wrong one, an "
            "administrator says `roadworthy clock accept-time`."
        )
    return last


def accept_time(database: Database, actor: Actor) -> None:
    """Say that the present time is right although clocks were polled at a later one. For administrators.

    Raises NotPermitted.
    """
    with database.begin(actor, attempt="time.accept") as work:
        actor.require("administrator")
        last = watch.last_tick(work)
        watch.forget(work)
        work.record("time.accepted", "clocks", {"last_tick": to_text(last) if last else None})


def health(view: View, now: datetime) -> tuple[Finding, ...]:
    """Give what is wrong with the watch at `now`; nothing is well.

    `blocked`: clocks are not watched (no tick for 30 s, time went back, a timer more than 60 s late). `hold`: people
    are not told (a message undelivered for 5 minutes), though the clocks are watched.
    """
    return tuple(one for one in (_silent(view, now), _late(view, now), _undelivered(view, now)) if one is not None)


def _silent(view: View, now: datetime) -> Finding | None:
    last = watch.last_tick(view)
    fix = Text("启动 worker:roadworthy worker", "start the worker: roadworthy worker")
    if last is None:
        text = Text("时限从未被轮询", "the clocks have never been polled")
    elif last - now > MOST_STEP_BACK:
        text = Text("系统时间倒退", "the computer's time lies before the last poll")
        fix = Text("校准系统时间,或由管理员确认现在的时间", "set the time right, or let an administrator accept it")
    elif now - last > MOST_SILENCE:
        seconds = int((now - last).total_seconds())
        text = Text(f"时限已 {seconds} 秒未被轮询", f"the clocks have not been polled for {seconds} s")
    else:
        return None
    return Finding("clocks.unwatched", Outcome.BLOCKED, text, fix=fix)


def _late(view: View, now: datetime) -> Finding | None:
    first = watch.oldest_pending(view)
    if first is None or now - first <= MOST_LATENESS:
        return None
    seconds = int((now - first).total_seconds())
    text = Text(f"有提醒已迟 {seconds} 秒未发出", f"a reminder has been due for {seconds} s and has not fired")
    fix = Text("查看 worker 的日志", "look into the worker's log")
    return Finding("clocks.late", Outcome.BLOCKED, text, fix=fix)


def _undelivered(view: View, now: datetime) -> Finding | None:
    oldest = messages.oldest_undelivered(view)
    if oldest is None or now - oldest <= MOST_WAITING:
        return None
    minutes = int((now - oldest).total_seconds() // 60)
    text = Text(f"有消息 {minutes} 分钟未送达", f"a message has not been delivered for {minutes} min")
    fix = Text("检查 notices_webhook 的接收端", "check the receiver named by notices_webhook")
    return Finding("clocks.undelivered", Outcome.HOLD, text, fix=fix)
