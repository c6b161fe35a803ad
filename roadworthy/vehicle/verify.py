"""Full verification, as a Primary must do it: Uptane Standard 2.1.0, section 5.4.4.2."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tuf.api.metadata import TargetFile, Targets  # type: ignore[attr-defined] # python-tuf re-exports these without __all__
from tuf.ngclient.updater import Updater

from roadworthy.vehicle.attack import Attack, AttackName, Detected, Order, naming_attacks
from roadworthy.vehicle.match import Install, match, named_ecus
from roadworthy.vehicle.provisioning import Provisioning
from roadworthy.vehicle.state import State
from roadworthy.vehicle.trust import Trust

KEYS_BEHIND_AN_IMAGE = 2  # the release key and the gate key


@dataclass(frozen=True)
class Plan:
    """What may be installed, on whose order, and the verified Image repository to download it from."""

    installs: tuple[Install, ...]
    order: Order
    images: Updater


def verify(vehicle: Provisioning, trust: Trust, state: State, now: datetime) -> Plan | Attack | None:
    """Verify what the server offers at `now` (secure time, UTC), in this order; 5.4.4.2's own numbers in brackets.

    1. [1-5] The Director's root, timestamp, snapshot and targets: signatures, versions, expiry (ngclient).
    2. [5] These Targets are for this vehicle, now: its VIN, no delegations, not expired by the vehicle's own time, no
       ECU named twice. Only then are they believed.
    3. [6] Nothing new: stop.
    4. [6-9] The Image repository's root, timestamp, snapshot and targets (ngclient).
    5. [10] Each image: the same in both repositories, made for the ECU's hardware, no older release counter.
    6. At least two keys stand behind each image in the Image repository: stolen or misused, one alone ships nothing.

    Gives a Plan, the Attack to report, or None when there is nothing new. Raises ComeBack, DownloadHTTPError and
    DownloadError when the server does not answer, which is no attack.
    """
    try:
        offered = _1_director(trust)
        _2_for_this_vehicle(vehicle, trust, offered, now)
        order = _3_something_new(offered, state)
        if order is None:
            return None
        with naming_attacks("Image repository", order):
            images = _4_image_repository(trust)
            pairs = _image_targets(offered, images)
            installs = _5_both_agree(pairs, vehicle, state)
            _6_two_keys(trust, installs)
        return Plan(installs, order, images)
    except Detected as detected:
        return detected.attack


def _1_director(trust: Trust) -> Targets:
    with naming_attacks("Director repository"):
        return trust.refresh_director()


def _2_for_this_vehicle(vehicle: Provisioning, trust: Trust, offered: Targets, now: datetime) -> None:
    vin = _custom(offered).get("vin")
    if vin != vehicle.vin:
        raise Detected(AttackName.WRONG_VEHICLE, "the Director's Targets name another VIN, or none")
    if offered.delegations is not None:
        raise Detected(AttackName.MALFORMED_METADATA, "the Director's Targets delegate; a Director must not")
    if offered.expires <= now:
        raise Detected(AttackName.FREEZE, f"the Director's Targets expired at {offered.expires.isoformat()}")
    seen: dict[str, str] = {}
    for path, target in offered.targets.items():
        for serial in named_ecus(path, target):
            if serial in seen:
                raise Detected(AttackName.MIX_AND_MATCH, f"ECU {serial} is to get both {seen[serial]} and {path}")
            seen[serial] = path
    trust.believe_director()


def _3_something_new(offered: Targets, state: State) -> Order | None:
    """Give the order to carry out, or None. An assignment is finished whether it was installed or failed."""
    if not offered.targets:
        return None
    custom = _custom(offered)
    order = Order(*(_word(custom, name) for name in ("correlationId", "assignment", "gate")))
    return None if order.assignment == state.finished else order


def _4_image_repository(trust: Trust) -> Updater:
    return trust.refresh_image()


def _image_targets(offered: Targets, images: Updater) -> dict[str, tuple[TargetFile, TargetFile | None]]:
    return {path: (target, images.get_targetinfo(path)) for path, target in sorted(offered.targets.items())}


def _5_both_agree(
    pairs: Mapping[str, tuple[TargetFile, TargetFile | None]], vehicle: Provisioning, state: State
) -> tuple[Install, ...]:
    ecus, counters = vehicle.by_serial, state.release_counters
    found = [match(path, director, image, ecus, counters) for path, (director, image) in pairs.items()]
    return tuple(install for installs in found for install in installs)


def _6_two_keys(trust: Trust, installs: tuple[Install, ...]) -> None:
    for path in {install.path for install in installs}:
        keys = trust.keys_behind(path)
        if keys < KEYS_BEHIND_AN_IMAGE:
            raise Detected(AttackName.ARBITRARY_SOFTWARE, f"{path} needed {keys} signatures, must need 2 or more")


def _custom(offered: Targets) -> Mapping[str, Any]:
    custom = offered.unrecognized_fields.get("custom")
    return custom if isinstance(custom, dict) else {}


def _word(custom: Mapping[str, Any], name: str) -> str:
    value = custom.get(name)
    if not isinstance(value, str) or not value:
        raise Detected(AttackName.MALFORMED_METADATA, f"the Director's Targets give no {name}")
    return value
