"""Keeps the image repository in step with the leases: what no live lease clears is taken out, within one tick.

1. tell both signers of leases that ended early; 2. gather what live leases clear, with receipts of their
decisions; 3. when that differs from what is published, or expires soon, have a new `released` signed by the
release key (here) and the gate key (its own process); 4. publish it with a fresh snapshot and timestamp.

A signer that is away or refuses stops no more than it must: the other one is told all the same; a package that the
gate signer refuses is left out and the rest published; and without any second signature the snapshot and timestamp
are renewed only while all that they lead to is still cleared, so that a withdrawn package dies with them.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store as campaigns_store
from roadworthy.campaigns.model import GateDecision
from roadworthy.database import Actor, Database, View
from roadworthy.database.history import newest_event
from roadworthy.kernel.errors import Refused, RoadworthyError
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import hardware_of
from roadworthy.signing import image_repository as images
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import ImageSet, ImageTarget, header_of
from roadworthy.signing.prepublish import check_publishable
from roadworthy.signing.signers import DirectorSigner, GateSigner
from roadworthy.signing.store import load_image_set, publish_image_set
from roadworthy.transparency.making import Log, NotLogged, make_receipt

logger = logging.getLogger(__name__)
ACTOR = Actor("system:publisher")
RENEW_BEFORE = timedelta(hours=12)
REFUSED_FOR = timedelta(minutes=1)
Receipt = Mapping[str, Any]


@dataclass(frozen=True)
class _Cleared:
    """One package that live leases clear: its target, the receipts of its decisions, and when the first lease ends."""

    target: ImageTarget
    receipts: tuple[Receipt, ...]
    ends: datetime


_Wanted = Mapping[str, _Cleared]  # by path


class Publisher:
    """Publishes the image repository; one per installation (the gate signer refuses a version twice)."""

    def __init__(
        self, database: Database, log: Log, keys: Mapping[str, SigningKey], gate: GateSigner, director: DirectorSigner
    ) -> None:
        """Sign with the worker's `release` and `image-online` keys; ask `gate` for the second signature."""
        self._database = database
        self._log = log
        self._keys = keys
        self._gate = gate
        self._signers: Mapping[str, GateSigner | DirectorSigner] = {"gate": gate, "director": director}
        self._told: dict[str, set[str]] = {name: set() for name in self._signers}
        self._refused: dict[str, tuple[tuple[str, ...], datetime]] = {}  # path -> its gates, and when to ask again
        self._known: dict[str, _Cleared] = {}  # by decision: what one clears never changes, nor does its receipt

    def tick(self) -> bool:
        """Do what is due; give whether something was published.

        Raises RoadworthyError when a signer is away or refuses, after everything that needs no answer of it is done.
        """
        failures = self._tell_closed()
        published = self._publish()
        if failures:
            raise failures[0]
        return published

    def _tell_closed(self) -> list[RoadworthyError]:
        """Tell both signers of leases that ended early, each for itself; give what went wrong."""
        with self._database.read() as view:
            closed = set(campaigns_store.closed_early(view, view.now))
            for told in self._told.values():
                told.intersection_update(closed)
            news = {gate for told in self._told.values() for gate in closed - told}
            receipts = {gate: receipt for gate in sorted(news) if (receipt := self._receipt(view, "gate.closed", gate))}
        failures: list[RoadworthyError] = []
        for name, signer in self._signers.items():
            untold = [gate for gate in receipts if gate not in self._told[name]]
            try:
                if untold:
                    signer.close([receipts[gate] for gate in untold])
                    self._told[name] |= set(untold)
            except RoadworthyError as error:
                failures.append(error)
        return failures

    def _publish(self) -> bool:
        with self._database.read() as view:
            now = view.now
            current = load_image_set(view)
            if current is None:
                return False
            wanted = self._wanted(view)
        released, failure = None, None
        try:
            released = self._released(current, wanted, now)
        except RoadworthyError as error:
            if not set(_gates(current.released)) <= set(wanted):
                raise  # what is published is not cleared any more: nothing may make it live longer
            failure = error
        published = released is not None or header_of(current.timestamp).expires - now <= RENEW_BEFORE
        if published:
            following = images.next_set(current, now, self._keys["image-online"], released=released)
            check_publishable(following, now, before=current)
            with self._database.begin(ACTOR) as work:
                publish_image_set(work, following)
        if failure is not None:
            raise failure
        return published

    def _wanted(self, view: View) -> dict[str, _Cleared]:
        """Gather what live leases clear; a decision that is not under a checkpoint yet waits for the next tick."""
        known: dict[str, _Cleared] = {}
        for lease in campaigns.live_leases(view):
            cleared = self._known.get(lease.id)
            if cleared is None and (receipt := self._receipt(view, "gate.decided", lease.id)):
                cleared = _cleared(view, lease, receipt)
            if cleared is not None:
                known[lease.id] = cleared
        self._known = known
        found: dict[str, _Cleared] = {}
        for one in known.values():
            path = one.target.path
            found[path] = _together(found[path], one) if path in found else one
        self._refused = {path: of for path, of in self._refused.items() if view.now < of[1] and path in found}
        return {p: one for p, one in found.items() if p not in self._refused or one.target.gates != self._refused[p][0]}

    def _receipt(self, view: View, kind: str, gate: str) -> Receipt | None:
        event_id = newest_event(view, kind, gate)
        try:
            return None if event_id is None else make_receipt(view, self._log, event_id)
        except NotLogged:
            return None

    def _released(self, current: ImageSet, wanted: _Wanted, now: datetime) -> bytes | None:
        """Give a new `released` file, or None when the published one says the same and lives on.

        It expires with the first lease that it rests on: renewed leases are asked for at half their time.
        """
        expires = _expiry(wanted, now)
        soon = header_of(current.released).expires - now < min(RENEW_BEFORE, (expires - now) / 2)
        if not soon and _gates(current.released) == {path: sorted(one.target.gates) for path, one in wanted.items()}:
            return None
        version = max(header_of(current.released).version, self._gate.last_version()) + 1
        while True:
            targets = [one.target for _, one in sorted(wanted.items())]
            portion = images.released_portion(version, _expiry(wanted, now), targets)
            try:
                second = self._gate.sign(portion, [receipt for one in wanted.values() for receipt in one.receipts])
            except Refused as error:
                if error.at not in wanted:
                    raise
                logger.error("the gate signer refuses %s, it is left out: %s", error.at, error.message)  # noqa: TRY400
                self._refused[error.at] = (wanted[error.at].target.gates, now + REFUSED_FOR)
                wanted = {path: one for path, one in wanted.items() if path != error.at}
                continue
            return images.assemble(portion, [images.sign_portion(portion, self._keys["release"]), second])


def _cleared(view: View, lease: GateDecision, receipt: Receipt) -> _Cleared | None:
    release = releases_store.get(view, lease.release_id)
    package = release.package
    if package is None:
        return None
    hardware = hardware_of(view, release, lease.vehicle_type_id)
    target = ImageTarget(package.path, package.sha256, package.length, hardware, package.release_counter, (lease.id,))
    return _Cleared(target, (receipt,), lease.not_after)


def _together(one: _Cleared, other: _Cleared) -> _Cleared:
    hardware = tuple(sorted({*one.target.hardware_ids, *other.target.hardware_ids}))
    gates = tuple(sorted({*one.target.gates, *other.target.gates}))
    target = replace(one.target, hardware_ids=hardware, gates=gates)
    return _Cleared(target, (*one.receipts, *other.receipts), min(one.ends, other.ends))


def _expiry(wanted: _Wanted, now: datetime) -> datetime:
    return min([now + images.RELEASED_LIFE, *(one.ends for one in wanted.values())])


def _gates(released: bytes) -> dict[str, list[str]]:
    """Give path -> gate decisions of a `released` file."""
    targets: dict[str, Any] = json.loads(released)["signed"]["targets"]
    return {path: sorted(target["custom"]["gate"]) for path, target in targets.items()}
