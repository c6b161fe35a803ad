"""Root metadata: which keys speak for which role (TUF 1.0, 4.3). One for the image and one for the Director side."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tuf.api.metadata import (  # type: ignore[attr-defined] # python-tuf re-exports these without __all__
    Key,
    Metadata,
    Role,
    Root,
    Signature,
)

from roadworthy.kernel.errors import Broken
from roadworthy.signing.canonical import signable
from roadworthy.signing.keys import PublicKey, SigningKey
from roadworthy.signing.model import RoleKeys

ROOT_DAYS = 365


def image_roles(root: PublicKey, targets: PublicKey, online: PublicKey) -> dict[str, RoleKeys]:
    """Give the roles of the image repository: offline root and targets, online snapshot and timestamp."""
    return {
        "root": RoleKeys((root,)),
        "targets": RoleKeys((targets,)),
        "snapshot": RoleKeys((online,)),
        "timestamp": RoleKeys((online,)),
    }


def director_roles(root: PublicKey, online: PublicKey) -> dict[str, RoleKeys]:
    """Give the roles of the Director repository: offline root, one online key for the per-vehicle files."""
    return {
        role: RoleKeys((root if role == "root" else online,)) for role in ("root", "targets", "snapshot", "timestamp")
    }


def make_root(version: int, expires: datetime, roles: Mapping[str, RoleKeys], signers: Sequence[SigningKey]) -> bytes:
    """Give root metadata with consistent snapshots, signed by all `signers`.

    To rotate the root key, sign version N+1 with the old and the new key (TUF 1.0, 6.1). Raises Broken when a
    threshold is out of reach or doubled keys would fill it.
    """
    for role, holders in roles.items():
        if len({key.keyid for key in holders.keys}) < max(1, holders.threshold):
            raise Broken(f"role {role} needs {holders.threshold} different keys and has {len(holders.keys)}.")
    root = Root(
        version=version,
        expires=expires.replace(microsecond=0),
        keys={key.keyid: tuf_key(key) for holders in roles.values() for key in holders.keys},
        roles={role: Role([key.keyid for key in h.keys], h.threshold) for role, h in roles.items()},
        consistent_snapshot=True,
    )
    return signed_file(Metadata(root), signers)


def tuf_key(key: PublicKey) -> Key:
    """Give python-tuf's form of a public key."""
    return Key.from_dict(key.keyid, key.tuf_key())


def signed_file(metadata: Metadata[Any], signers: Sequence[SigningKey]) -> bytes:
    """Sign python-tuf metadata and give the file's bytes.

    Raises Unprintable when it holds anything but printable ASCII.
    """
    body = signable(metadata.signed.to_dict())
    metadata.signatures = {key.keyid: Signature(key.keyid, key.sign(body).hex()) for key in signers}
    return metadata.to_bytes()
