"""The image repository: what may be installed at all. Pure functions from state and keys to bytes.

    root (image-root, offline)
      |-- targets (image-targets, offline): delegates everything to
      |     `-- released: 2 of 2, the release key and the gate key
      |-- snapshot, timestamp (image-online)

Two signatures on `released` make every unmodified TUF client refuse what the gate did not clear (TUF 1.0, 4.5).
Its portion is written first, without signatures, so that the gate signer judges the very bytes it signs.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from tuf.api.metadata import (  # type: ignore[attr-defined] # python-tuf re-exports these without __all__
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from roadworthy.kernel.errors import Broken
from roadworthy.signing.canonical import Signature, envelope, signable
from roadworthy.signing.keys import PublicKey, SigningKey
from roadworthy.signing.model import ImageSet, ImageTarget, header_of
from roadworthy.signing.roots import signed_file, tuf_key

RELEASED = "released"
TARGETS_DAYS = 90
RELEASED_LIFE = timedelta(hours=48)
ONLINE_LIFE = timedelta(days=1)


def make_targets(
    version: int, expires: datetime, release: PublicKey, gate: PublicKey, signers: Sequence[SigningKey]
) -> bytes:
    """Give the top-level targets file: no images, one terminating delegation that needs both keys.

    Raises Broken when release and gate key are the same.
    """
    if release.keyid == gate.keyid:
        raise Broken("The release key and the gate key are the same key; make two keys in two custodies.")
    role = DelegatedRole(RELEASED, [release.keyid, gate.keyid], 2, terminating=True, paths=["*/*/*"])
    keys = {key.keyid: tuf_key(key) for key in (release, gate)}
    targets = Targets(version, None, _whole(expires), {}, Delegations(keys, {RELEASED: role}))
    return signed_file(Metadata(targets), signers)


def released_portion(version: int, expires: datetime, targets: Sequence[ImageTarget]) -> str:
    """Give the signed portion of `released` as canonical text, to be signed by both keys.

    Raises Unprintable for anything but printable ASCII, Broken when a path stands twice.
    """
    files = {target.path: _target_file(target) for target in targets}
    if len(files) != len(targets):
        raise Broken("Two image targets have the same path; give each package its own.")
    return signable(Targets(version, None, _whole(expires), files).to_dict()).decode("ascii")


def sign_portion(portion: str, key: SigningKey) -> Signature:
    """Sign a portion as it stands."""
    return Signature(key.keyid, key.sign(portion.encode("ascii")).hex())


def assemble(portion: str, signatures: Sequence[Signature]) -> bytes:
    """Put a portion and its signatures together as a TUF file."""
    return envelope(portion.encode("ascii"), signatures)


def make_snapshot(version: int, expires: datetime, files: Mapping[str, bytes], online: SigningKey) -> bytes:
    """Give the snapshot over role -> file bytes (`targets`, `released`), with lengths and hashes."""
    meta = {f"{role}.json": _meta_file(content) for role, content in files.items()}
    return signed_file(Metadata(Snapshot(version, None, _whole(expires), meta)), [online])


def make_timestamp(version: int, expires: datetime, snapshot: bytes, online: SigningKey) -> bytes:
    """Give the timestamp over a snapshot file."""
    timestamp = Timestamp(version, None, _whole(expires), _meta_file(snapshot))
    return signed_file(Metadata(timestamp), [online])


def first_set(root: bytes, targets: bytes, released: bytes, now: datetime, online: SigningKey) -> ImageSet:
    """Give the first set of a new repository."""
    snapshot = make_snapshot(1, now + ONLINE_LIFE, {"targets": targets, RELEASED: released}, online)
    return ImageSet(root, targets, released, snapshot, make_timestamp(1, now + ONLINE_LIFE, snapshot, online))


def next_set(
    current: ImageSet,
    now: datetime,
    online: SigningKey,
    *,
    root: bytes | None = None,
    targets: bytes | None = None,
    released: bytes | None = None,
) -> ImageSet:
    """Give the set that follows `current`: the files given, and a new snapshot and timestamp.

    With no file given it only renews the snapshot and timestamp, which live for a day. Raises Broken unless each
    given file's version is higher than the one it replaces (rollback; for root exactly one higher).
    """
    _require_next("root", current.root, root, exactly=True)
    _require_next("targets", current.targets, targets)
    _require_next(RELEASED, current.released, released)
    files = {"targets": targets or current.targets, RELEASED: released or current.released}
    number = max(header_of(current.snapshot).version, header_of(current.timestamp).version) + 1
    snapshot = make_snapshot(number, now + ONLINE_LIFE, files, online)
    timestamp = make_timestamp(number, now + ONLINE_LIFE, snapshot, online)
    return ImageSet(root or current.root, files["targets"], files[RELEASED], snapshot, timestamp)


def released_targets(released: bytes) -> list[str]:
    """Give the paths of the images in a `released` file of ours."""
    found: dict[str, object] = json.loads(released)["signed"]["targets"]
    return sorted(found)


def _require_next(role: str, old: bytes, new: bytes | None, *, exactly: bool = False) -> None:
    if new is None:
        return
    before, after = header_of(old).version, header_of(new).version
    if after <= before or (exactly and after != before + 1):
        raise Broken(f"{role} version {after} cannot follow version {before}; number it {before + 1}.")


def _target_file(target: ImageTarget) -> TargetFile:
    custom = {
        "gate": list(target.gates),
        "hardwareIds": list(target.hardware_ids),
        "releaseCounter": target.release_counter,
    }
    return TargetFile(target.length, {"sha256": target.sha256}, target.path, {"custom": custom})


def _meta_file(content: bytes) -> MetaFile:
    return MetaFile(header_of(content).version, len(content), {"sha256": sha256(content).hexdigest()})


def _whole(expires: datetime) -> datetime:
    return expires.replace(microsecond=0)
