"""Do the two repositories agree about an image, and does it fit this vehicle? Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from tuf.api.metadata import TargetFile  # type: ignore[attr-defined] # python-tuf re-exports these without __all__

from roadworthy.vehicle.attack import AttackName, Detected
from roadworthy.vehicle.provisioning import Ecu


@dataclass(frozen=True)
class Install:
    """One verified image for one ECU. `length` in bytes, `sha256` in hex."""

    serial: str
    hardware_id: str
    path: str
    length: int
    sha256: str
    release_counter: int


def match(
    path: str,
    director: TargetFile,
    image: TargetFile | None,
    ecus: Mapping[str, Ecu],
    release_counters: Mapping[str, int],
) -> list[Install]:
    """Compare one target of the Director with the Image repository's (Uptane 2.1.0, 5.4.4.2 step 10 and 5.4.4.6).

    1. The Image repository lists a file of exactly this name.
    2. Length and hashes are the same in both; SHA-256 is among them.
    3. Each ECU that the Director names is one of `ecus` (by serial) and has the named hardware.
    4. The image was made for that hardware.
    5. The release counter is the same in both, and not lower than that of the installed image.

    Gives one Install per ECU named, in the order of serials. Raises Detected.
    """
    if image is None:
        raise Detected(AttackName.ARBITRARY_SOFTWARE, f"the Image repository does not release {path}")
    sha256 = _same_bytes(path, director, image)
    hardware, counter = _image_custom(path, image)
    named = named_ecus(path, director)
    for serial, (hardware_id, director_counter) in named.items():
        _fits(path, serial, hardware_id, ecus)
        if hardware_id not in hardware:
            raise Detected(AttackName.MIX_AND_MATCH, f"{path} was not made for hardware {hardware_id} of {serial}")
        if director_counter != counter:
            numbers = f"{director_counter} in the Director, {counter} in the Image repository"
            raise Detected(AttackName.MIX_AND_MATCH, f"{path}: release counter {numbers}")
        installed = release_counters.get(serial, 0)
        if counter < installed:
            raise Detected(AttackName.ROLLBACK, f"{path}: release counter {counter}, {serial} already runs {installed}")
    return [
        Install(serial, hardware_id, path, director.length, sha256, counter)
        for serial, (hardware_id, _) in sorted(named.items())
    ]


def named_ecus(path: str, director: TargetFile) -> dict[str, tuple[str, int]]:
    """Read `custom.ecuIdentifiers` of a Director target: serial -> (hardware id, release counter).

    Raises Detected when it is missing, empty or misshapen.
    """
    found = _custom(director).get("ecuIdentifiers")
    if not isinstance(found, dict) or not found:
        raise Detected(AttackName.MALFORMED_METADATA, f"{path}: the Director names no ECU in ecuIdentifiers")
    named: dict[str, tuple[str, int]] = {}
    for serial, entry in found.items():
        hardware_id = entry.get("hardwareId") if isinstance(entry, dict) else None
        counter = entry.get("releaseCounter") if isinstance(entry, dict) else None
        if not isinstance(hardware_id, str) or not _is_counter(counter):
            raise Detected(AttackName.MALFORMED_METADATA, f"{path}: ecuIdentifiers of {serial} is misshapen")
        named[serial] = (hardware_id, counter)
    return named


def _same_bytes(path: str, director: TargetFile, image: TargetFile) -> str:
    if director.length != image.length:
        lengths = f"{director.length} bytes in the Director, {image.length} in the Image repository"
        raise Detected(AttackName.MIX_AND_MATCH, f"{path}: {lengths}")
    for algorithm in director.hashes.keys() & image.hashes.keys():
        if director.hashes[algorithm] != image.hashes[algorithm]:
            raise Detected(AttackName.MIX_AND_MATCH, f"{path}: the {algorithm} differs between the repositories")
    sha256 = director.hashes.get("sha256")
    if sha256 is None or "sha256" not in image.hashes:
        raise Detected(AttackName.MALFORMED_METADATA, f"{path}: both repositories must give a sha256")
    return sha256


def _image_custom(path: str, image: TargetFile) -> tuple[list[str], int]:
    custom = _custom(image)
    hardware, counter = custom.get("hardwareIds"), custom.get("releaseCounter")
    if not isinstance(hardware, list) or not all(isinstance(one, str) for one in hardware):
        raise Detected(AttackName.MALFORMED_METADATA, f"{path}: the Image repository gives no hardwareIds")
    if not _is_counter(counter):
        raise Detected(AttackName.MALFORMED_METADATA, f"{path}: the Image repository gives no releaseCounter")
    return hardware, counter


def _fits(path: str, serial: str, hardware_id: str, ecus: Mapping[str, Ecu]) -> None:
    ecu = ecus.get(serial)
    if ecu is None:
        raise Detected(AttackName.WRONG_ECU, f"{path} is meant for ECU {serial}, which this vehicle does not have")
    if ecu.hardware_id != hardware_id:
        hardware = f"hardware {hardware_id}, {serial} is {ecu.hardware_id}"
        raise Detected(AttackName.WRONG_ECU, f"{path} is meant for {hardware}")


def _custom(target: TargetFile) -> Mapping[str, Any]:
    custom = target.custom
    return custom if isinstance(custom, dict) else {}


def _is_counter(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
