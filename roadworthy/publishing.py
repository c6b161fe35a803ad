"""Keeps the image repository in step with the leases: what no live lease clears is taken out, within one tick.

1. tell both signers of leases that ended early; 2. gather what live leases clear, with receipts of their
decisions; 3. when that differs from what is published, or expires soon, have a new `released` signed by the
release key (here) and the gate key (its own process); 4. publish it with a fresh snapshot and timestamp.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store as campaigns_store
from roadworthy.campaigns.model import GateDecision
from roadworthy.database import Actor, Database, View
from roadworthy.database.history import newest_event
from roadworthy.releases import store as releases_store
from roadworthy.signing import image_repository as images
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import ImageSet, ImageTarget, header_of
from roadworthy.signing.prepublish import check_publishable
from roadworthy.signing.signers import DirectorSigner, GateSigner
from roadworthy.signing.store import load_image_set, publish_image_set
from roadworthy.transparency.making import Log, NotLogged, make_receipt

ACTOR = Actor("system:publisher")
RENEW_BEFORE = timedelta(hours=12)


@dataclass(frozen=True)
class _Wanted:
    targets: tuple[ImageTarget, ...]
    receipts: tuple[Mapping[str, Any], ...]
    latest: datetime


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
        self._director = director
        self._told: set[str] = set()

    def tick(self) -> bool:
        """Do what is due; give whether something was published."""
        with self._database.read() as view:
            now = view.now
            closed = self._closed(view)
            current = load_image_set(view)
            if current is None:
                return False
            wanted = self._wanted(view)
        if closed:
            self._gate.close(list(closed.values()))
            self._director.close(list(closed.values()))
            self._told |= set(closed)
        released = self._released(current, wanted, now)
        if released is None and header_of(current.timestamp).expires - now > RENEW_BEFORE:
            return False
        following = images.next_set(current, now, self._keys["image-online"], released=released)
        check_publishable(following, now, before=current)
        with self._database.begin(ACTOR) as work:
            publish_image_set(work, following)
        return True

    def _closed(self, view: View) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for decision_id in campaigns_store.closed_early(view, view.now):
            event_id = newest_event(view, "gate.closed", decision_id)
            if decision_id not in self._told and event_id is not None:
                try:
                    found[decision_id] = make_receipt(view, self._log, event_id)
                except NotLogged:
                    continue  # the next tick tells it; delivery stopped already when the lease was closed
        return found

    def _wanted(self, view: View) -> _Wanted:
        by_path: dict[str, list[GateDecision]] = {}
        receipts: list[Mapping[str, Any]] = []
        for lease in campaigns.live_leases(view):
            event_id = newest_event(view, "gate.decided", lease.id)
            package = releases_store.package_of(view, lease.release_id)
            if event_id is None or package is None:
                continue
            try:
                receipts.append(make_receipt(view, self._log, event_id))
            except NotLogged:
                continue  # not under a checkpoint yet: the next tick has it
            by_path.setdefault(package.path, []).append(lease)
        targets = tuple(self._target(view, leases) for _, leases in sorted(by_path.items()))
        ends = [lease.not_after for leases in by_path.values() for lease in leases]
        return _Wanted(targets, tuple(receipts), min(ends, default=view.now + images.RELEASED_LIFE))

    def _target(self, view: View, leases: list[GateDecision]) -> ImageTarget:
        package = releases_store.get(view, leases[0].release_id).package
        if package is None:
            raise NotLogged
        gates = tuple(sorted(lease.id for lease in leases))
        return ImageTarget(
            package.path, package.sha256, package.length, package.hardware_ids, package.release_counter, gates
        )

    def _released(self, current: ImageSet, wanted: _Wanted, now: datetime) -> bytes | None:
        """Give a new `released` file, or None when the published one says the same and lives on."""
        expires = min(now + images.RELEASED_LIFE, wanted.latest)
        soon = header_of(current.released).expires - now < min(RENEW_BEFORE, (expires - now) / 2)
        if not soon and _gates(current.released) == {t.path: sorted(t.gates) for t in wanted.targets}:
            return None
        version = max(header_of(current.released).version, self._gate.last_version()) + 1
        portion = images.released_portion(version, expires, wanted.targets)
        first = images.sign_portion(portion, self._keys["release"])
        second = self._gate.sign(portion, wanted.receipts)
        return images.assemble(portion, [first, second])


def _gates(released: bytes) -> dict[str, list[str]]:
    """Give path -> gate decisions of a `released` file."""
    targets: dict[str, Any] = json.loads(released)["signed"]["targets"]
    return {path: sorted(target["custom"]["gate"]) for path, target in targets.items()}
