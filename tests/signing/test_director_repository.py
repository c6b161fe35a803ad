from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, MetaFile, Signature, Snapshot, TargetFile, Targets, Timestamp

from roadworthy.signing.canonical import Unprintable
from roadworthy.signing.director_repository import make_bundle
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import EcuTarget, VehicleOrder, VehicleTarget
from tests.signing.logbook import PATH, SHA256, VIN

KEY = SigningKey.generate("director-online")

NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12)
ECUS = st.dictionaries(NAMES, st.builds(EcuTarget, NAMES, st.integers(0, 2**31 - 1)), max_size=3)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
ORDERS = st.builds(
    VehicleOrder,
    vin=st.just(VIN),
    version=st.integers(1, 2**31 - 1),
    expires=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    targets=st.dictionaries(NAMES, st.builds(VehicleTarget, HASHES, st.integers(1, 2**40), ECUS), max_size=3),
    custom=st.dictionaries(st.sampled_from(["assignment", "correlationId", "gate"]), NAMES),
)


def by_python_tuf(order: VehicleOrder) -> tuple[bytes, bytes, bytes]:
    """The same bundle made of python-tuf objects."""

    def signed(metadata) -> bytes:
        metadata.signatures[KEY.keyid] = Signature(KEY.keyid, KEY.sign(metadata.signed_bytes).hex())
        return metadata.to_bytes()

    def meta(content: bytes) -> MetaFile:
        return MetaFile(order.version, len(content), {"sha256": sha256(content).hexdigest()})

    expires = order.expires.replace(microsecond=0)
    files = {}
    for path, target in order.targets.items():
        ecus = {s: {"hardwareId": e.hardware_id, "releaseCounter": e.release_counter} for s, e in target.ecus.items()}
        custom = {"custom": {"ecuIdentifiers": ecus}}
        files[path] = TargetFile(target.length, {"sha256": target.sha256}, path, custom)
    custom = {"custom": {**order.custom, "vin": order.vin}}
    targets = signed(Metadata(Targets(order.version, None, expires, files, None, custom)))
    snapshot = signed(Metadata(Snapshot(order.version, None, expires, {"targets.json": meta(targets)})))
    return targets, snapshot, signed(Metadata(Timestamp(order.version, None, expires, meta(snapshot))))


@settings(deadline=None)
@given(ORDERS)
def test_every_file_is_byte_for_byte_what_python_tuf_writes(order):
    bundle = make_bundle(order, KEY)
    assert (bundle.targets, bundle.snapshot, bundle.timestamp) == by_python_tuf(order)


def test_the_vin_cannot_be_displaced_by_another_custom_field():
    order = VehicleOrder(VIN, 1, datetime(2026, 3, 1, tzinfo=UTC), {}, {"vin": "other"})
    assert Metadata.from_bytes(make_bundle(order, KEY).targets).signed.unrecognized_fields == {"custom": {"vin": VIN}}


@pytest.mark.parametrize("serial", ["序列号", "a\nb", "\x7f"])
def test_anything_but_printable_ascii_is_refused(serial):
    target = VehicleTarget(SHA256, 1, {serial: EcuTarget("hw", 1)})
    with pytest.raises(Unprintable):
        make_bundle(VehicleOrder(VIN, 1, datetime(2026, 3, 1, tzinfo=UTC), {PATH: target}), KEY)
