"""What the gate signer demands before it signs. Pure: portion, opened events, moment -> yes or NotCleared.

1. `released` expires after now, at most 48 hours from now, and not after the longest of its leases.
2. Each target names at least one gate decision, and each decision it names is proved, live and not closed.
3. Each of those covers the target: the same path, SHA-256, length and release counter.
4. Every hardware id of the target is cleared by one of them.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from roadworthy.kernel.errors import Refused
from roadworthy.kernel.time import to_text
from roadworthy.signing.image_repository import RELEASED_LIFE
from roadworthy.signing.lease import Lease, NotCleared
from roadworthy.signing.model import ImageTarget, Released


def require_cleared(released: Released, leases: Mapping[str, Lease], closed: Collection[str], now: datetime) -> None:
    """Refuse unless `leases` (by gate id) clear every target of `released` at `now`.

    Raises NotCleared naming the target and the reason, Refused when the life is too long or over.
    """
    used = [lease for target in released.targets for lease in _covering(target, leases, closed, now)]
    latest = now + RELEASED_LIFE
    if used:
        latest = min(latest, max(lease.not_after for lease in used))
    if not now < released.expires <= latest:
        raise Refused(
            f"`released` expires at {to_text(released.expires)}; choose a time after now, {to_text(now)}, and at "
            f"most {to_text(latest)} (48 hours, and no longer than its leases).",
            code="gate.expiry",
        )


def _covering(target: ImageTarget, leases: Mapping[str, Lease], closed: Collection[str], now: datetime) -> list[Lease]:
    found = []
    for gate in target.gates:
        lease = leases.get(gate)
        if lease is None:
            raise NotCleared(f"{target.path}: no receipt proves {gate}; send its receipt.", at=target.path)
        if gate in closed:
            raise NotCleared(f"{target.path}: {gate} was closed; take the target out.", at=target.path)
        _require_covers(target, lease, now)
        found.append(lease)
    cleared = frozenset[str]().union(*(lease.hardware_ids for lease in found))
    if strange := sorted(set(target.hardware_ids) - cleared):
        raise NotCleared(
            f"{target.path}: hardware {strange[0]} is not cleared; clear its vehicle type.", at=target.path
        )
    return found


def _require_covers(target: ImageTarget, lease: Lease, now: datetime) -> None:
    try:
        lease.require_live(now)
    except NotCleared as reason:
        raise NotCleared(f"{target.path}: {reason.message}", at=target.path) from reason
    pairs = (
        ("path", target.path, lease.path),
        ("SHA-256", target.sha256, lease.sha256),
        ("length", target.length, lease.length),
        ("release counter", target.release_counter, lease.release_counter),
    )
    for name, asked, decided in pairs:
        if asked != decided:
            raise NotCleared(
                f"{target.path}: {name} {asked} is not the {decided} that {lease.gate} cleared; clear this package.",
                at=target.path,
            )
