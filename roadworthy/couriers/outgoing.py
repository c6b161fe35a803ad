"""Sends what waits: claims it in one transaction, calls the courier outside any, writes the answer down in a second.

A call may happen and its answer be lost, here or on the way. Then the packet is `unsure`, and stays so until the
channel says, when it is asked, whether it has it, or a person checked with the authority. An answer that comes late
is written down too, whatever became of the packet meanwhile.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from roadworthy.couriers import rules, store
from roadworthy.couriers.interface import Courier, Evidence, Failed, PacketUnreadable, Result, Unsure
from roadworthy.couriers.model import Dispatch
from roadworthy.couriers.packet import OpenFile, reopen
from roadworthy.couriers.rules import Step
from roadworthy.database import Actor, Database, Work
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.kernel.event import Json

log = logging.getLogger(__name__)
ACTOR = Actor("system:couriers")
BATCH = 10
MARGIN = timedelta(minutes=2)  # beyond the longest call, so that a slow call is seldom taken for lost


@dataclass(frozen=True)
class Answer:
    """What one call said."""

    dispatch: Dispatch
    result: Result


class Dispatcher:
    """Sends packets. Any number of them may run at once, in any number of processes."""

    def __init__(self, database: Database, open_file: OpenFile, couriers: Mapping[str, Courier]) -> None:
        """Send what waits in `database` over the channels named in `couriers`; files come from `open_file`."""
        self._database, self._open_file, self._couriers = database, open_file, dict(couriers)
        self._unwritten: list[Answer] = []

    def tick(self, limit: int = BATCH) -> int:
        """Do what is due, `limit` packets at most of each kind of work; give how many things were done.

        Raises SQLAlchemyError when the database does not answer; what couriers said meanwhile is kept and written
        down at the next tick, and if the process dies before that, the packet is unsure.
        """
        done = self._write_rest()
        done += self._take_for_lost(limit)
        for _ in range(limit):
            claimed = self._claim()
            if claimed is None:
                break
            self._unwritten.append(Answer(claimed, self._call(claimed)))
            done += self._write_rest()
        return done + self._ask(limit)

    def _claim(self) -> Dispatch | None:
        with self._database.read() as view:
            if not store.due(view, "waiting", self._couriers, 1):
                return None
        with self._database.begin(ACTOR) as work:
            found = store.claimable(work, self._couriers)
            if found is None:
                return None
            until = work.now + self._couriers[found.channel].longest + MARGIN
            changes = {"attempt": found.attempt + 1, "asked": 0, "lease_until": until, "next_at": None}
            step, claimed = store.move(work, found.id, "claim", changes)
            told = {"attempt": claimed.attempt, "manifest": claimed.manifest_digest}
            work.record("dispatch.claimed", claimed.id, told, move=step)
        return claimed

    def _call(self, claimed: Dispatch) -> Result:
        courier = self._couriers[claimed.channel]
        send = partial(courier.send, reopen(claimed.manifest, self._open_file), claimed.attempt)
        return _said(courier, self._database, send)

    def _write_rest(self) -> int:
        """Write down what couriers said; what cannot be written now is kept."""
        done = 0
        while self._unwritten:
            self._write(self._unwritten[0])
            del self._unwritten[0]
            done += 1
        return done

    def _write(self, answer: Answer) -> None:
        """Write down one answer. It may have been written before, by a commit that only seemed to fail."""
        sent, courier = answer.dispatch, self._couriers[answer.dispatch.channel]
        with self._database.begin(ACTOR) as work:
            known = store.lock(work, sent.id)
            step = rules.after_call(answer.result, sent.attempt, work.now, asks=courier.asks)
            mine = known.attempt == sent.attempt
            if mine and known.status == "sending":
                _go(work, known, step)
            elif mine and known.status == "unsure" and step.verb == "send":
                _go(work, known, Step("find", "dispatch.found", evidence=step.evidence))
            elif not (mine and _is_written(known, step)):
                late = {"attempt": sent.attempt, "said": step.verb, **_told(step.evidence)}
                work.record("dispatch.answered_late", known.id, late)

    def _take_for_lost(self, limit: int) -> int:
        """Give up calls whose lease ran out: whether they happened is unknown."""
        with self._database.read() as view:
            found = store.due(view, "sending", self._couriers, limit)
        for one in found:
            courier = self._couriers[one.channel]
            with self._database.begin(ACTOR) as work:
                known = store.lock(work, one.id)
                if (known.status, known.attempt) == (one.status, one.attempt):
                    _go(
                        work,
                        known,
                        rules.after_death(one.attempt, work.now, repeatable=courier.repeatable, asks=courier.asks),
                    )
        return len(found)

    def _ask(self, limit: int) -> int:
        """Ask for what is unsure. Two processes may ask at once; who answers first counts."""
        asking = [name for name, courier in self._couriers.items() if courier.asks]
        with self._database.read() as view:
            found = store.due(view, "unsure", asking, limit)
        for one in found:
            courier = self._couriers[one.channel]
            ask = partial(courier.ask, reopen(one.manifest, self._open_file))
            result = _said(courier, self._database, ask, asking=True)
            with self._database.begin(ACTOR) as work:
                known = store.lock(work, one.id)
                if (known.status, known.attempt, known.asked) == (one.status, one.attempt, one.asked):
                    _go(work, known, rules.after_asking(result, one.asked + 1, work.now))
        return len(found)


def _said(courier: Courier, database: Database, call: Callable[[], Result], *, asking: bool = False) -> Result:
    """Call, and take an error for what it is: nobody knows, unless nothing was sent or a repetition does no harm."""
    nothing = Evidence(courier.channel, database.time.now())
    try:
        return call()
    except PacketUnreadable as error:
        reason = Text("材料包文件损坏或缺失, 请从备份恢复后重发", error.message)
        log.error("a packet cannot be read: %s", error.message)  # noqa: TRY400 - one line
        return Unsure(nothing, reason) if asking else Failed(nothing, reason)
    except (RoadworthyError, SQLAlchemyError, OSError) as error:
        told = error.message if isinstance(error, RoadworthyError) else type(error).__name__
        log.exception("a courier failed")
        reason = Text(f"发送出错 ({told})", f"sending went wrong ({told})")
        return Failed(nothing, reason, again=True) if courier.repeatable and not asking else Unsure(nothing, reason)


def _go(work: Work, known: Dispatch, step: Step) -> None:
    """Move a dispatch by a step, or note that it stays, and record it."""
    changes: dict[str, Any] = {"next_at": step.next_at, "lease_until": None}
    changes["reason"] = step.reason.to_json() if step.reason else None
    if step.evidence is not None and step.verb:
        changes["evidence"] = step.evidence.to_json()
    told = {"attempt": known.attempt, **_told(step.evidence)}
    if step.verb:
        move, _ = store.move(work, known.id, step.verb, changes)
        work.record(step.event, known.id, told, move=move)
    else:
        store.change(work, known, {**changes, "asked": known.asked + 1})
        work.record(step.event, known.id, told)


def _is_written(known: Dispatch, step: Step) -> bool:
    return step.evidence is not None and (known.evidence or {}) == step.evidence.to_json()


def _told(evidence: Evidence | None) -> dict[str, Json]:
    """Give what an event may say of evidence: digests and the message's id, no address and no text."""
    if evidence is None:
        return {}
    told = {name: getattr(evidence, name) for name in ("answer_sha256", "message_id", "sent_sha256")}
    return {"scheme": evidence.channel.partition(":")[0], **{name: value for name, value in told.items() if value}}
