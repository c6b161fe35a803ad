"""What was published: image metadata as evidence, vehicle bundles as a cache.

Two tables, since `roadworthy verify` must treat them differently. Image metadata says what any vehicle may
install; there are a few rows a day, so each is covered by a `metadata.published` event. A vehicle's bundle is
signed anew every day for every vehicle: an event and a leaf for each would cost more than the bundles, and would
prove nothing new. The assignment behind it is logged already, its bytes follow from assignment, version and
expiry (Ed25519 is deterministic), an edited file fails the vehicle's signature check, and the director signer
keeps the last version of its own. So bundles are a cache: lost ones are signed again with a higher version.
"""

from hashlib import sha256
from typing import Any

from sqlalchemy import Column, Integer, String, Text, delete, insert, select

from roadworthy.database import Instant, View, Work, cache, record_table
from roadworthy.kernel.errors import NotFound, Refused
from roadworthy.kernel.event import Event
from roadworthy.signing.model import IMAGE_ROLES, Bundle, ImageSet, file_name, header_of

image_metadata = record_table(
    "image_metadata",
    Column("role", String(16), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("expires", Instant, nullable=False),
    Column("made_at", Instant, nullable=False),
    key=("role", "version"),
)

director_bundle = cache(
    "director_bundle",
    "signed files that can be signed again: the logged assignment is the truth, vehicles check the signatures",
    Column("vehicle_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("targets", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("timestamp", Text, nullable=False),
    Column("expires", Instant, nullable=False),
)


class OldVersion(Refused):
    """A newer version was published meanwhile; load it and number the next one higher."""

    code = "signing.old_version"


def publish_image_set(work: Work, images: ImageSet) -> Event | None:
    """Save the files of `images` that are new and record `metadata.published`; None when none is new.

    Versions strictly increase per role. Raises OldVersion when one does not, or the same version has other bytes.
    """
    current = load_image_set(work)
    new = [role for role in IMAGE_ROLES if current is None or images.of_role(role) != current.of_role(role)]
    rows: list[dict[str, Any]] = []
    for role in new:
        header, content = header_of(images.of_role(role)), images.of_role(role)
        if current is not None and header.version <= header_of(current.of_role(role)).version:
            raise OldVersion(f"{role} version {header.version} was published already; {OldVersion.__doc__}")
        rows.append(
            {
                "role": role,
                "version": header.version,
                "content": content.decode("ascii"),
                "sha256": sha256(content).hexdigest(),
                "expires": header.expires,
                "made_at": work.now,
            }
        )
    if not rows:
        return None
    work.insert_all(image_metadata, rows)
    facts: dict[str, Any] = {row["role"]: {"sha256": row["sha256"], "version": row["version"]} for row in rows}
    return work.record("metadata.published", "image", facts)


def load_image_set(view: View) -> ImageSet | None:
    """Give the newest file of every role, or None before the first set."""
    found = {role: _newest(view, role) for role in IMAGE_ROLES}
    present = {role: content for role, content in found.items() if content is not None}
    return ImageSet(**present) if len(present) == len(IMAGE_ROLES) else None


def image_file(view: View, name: str) -> bytes:
    """Give an image repository file by the name clients use: `3.root.json`, `timestamp.json`.

    Raises NotFound.
    """
    number, _, role = name.removesuffix(".json").rpartition(".")
    content: str | None = None
    if name == "timestamp.json":
        content = _newest_text(view, "timestamp")
    elif role in IMAGE_ROLES and number.isdecimal() and len(number) < 10 and name == file_name(role, int(number)):
        wanted = (image_metadata.c.role == role) & (image_metadata.c.version == int(number))
        content = view.scalar(select(image_metadata.c.content).where(wanted))
    if content is None:
        raise NotFound(f"There is no image metadata {name[:80]!r}; begin with timestamp.json.")
    return content.encode("ascii")


def save_bundle(view: View, vehicle_id: str, bundle: Bundle) -> None:
    """Keep a vehicle's bundle and the one before it (a client may be between two files); drop older ones.

    Raises OldVersion unless its version is higher than the last.
    """
    header, last = header_of(bundle.targets), last_bundle_version(view, vehicle_id)
    if header.version <= last:
        raise OldVersion(f"Bundle {header.version} of {vehicle_id} exists already; {OldVersion.__doc__}")
    old = (director_bundle.c.vehicle_id == vehicle_id) & (director_bundle.c.version < last)
    view.execute(delete(director_bundle).where(old))
    view.execute(
        insert(director_bundle).values(
            vehicle_id=vehicle_id,
            version=header.version,
            targets=bundle.targets.decode("ascii"),
            snapshot=bundle.snapshot.decode("ascii"),
            timestamp=bundle.timestamp.decode("ascii"),
            expires=header.expires,
        )
    )


def last_bundle_version(view: View, vehicle_id: str) -> int:
    """Give the version of a vehicle's newest bundle, 0 for none."""
    mine = director_bundle.c.vehicle_id == vehicle_id
    query = select(director_bundle.c.version).where(mine).order_by(director_bundle.c.version.desc()).limit(1)
    return view.scalar(query) or 0


def load_bundle(view: View, vehicle_id: str, version: int | None = None) -> Bundle | None:
    """Give a vehicle's bundle of a version, by default the newest; None when there is none."""
    query = select(director_bundle).where(director_bundle.c.vehicle_id == vehicle_id)
    if version is not None:
        query = query.where(director_bundle.c.version == version)
    row = view.first(query.order_by(director_bundle.c.version.desc()).limit(1))
    if row is None:
        return None
    return Bundle(row.targets.encode("ascii"), row.snapshot.encode("ascii"), row.timestamp.encode("ascii"))


def _newest(view: View, role: str) -> bytes | None:
    content = _newest_text(view, role)
    return None if content is None else content.encode("ascii")


def _newest_text(view: View, role: str) -> str | None:
    mine = image_metadata.c.role == role
    query = select(image_metadata.c.content).where(mine).order_by(image_metadata.c.version.desc()).limit(1)
    found: str | None = view.scalar(query)
    return found
