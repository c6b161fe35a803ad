"""The tables of the rulebook and all SQL over them.

That a pack has two approvers, neither its author, and an activation two people, is said by constraints: an activation
refers to the two approvals themselves.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    Row,
    String,
    UniqueConstraint,
    select,
)

from roadworthy.database import Instant, JsonText, View, Work, four_eyes, record_table
from roadworthy.kernel.errors import Broken, NotFound
from roadworthy.rulebook.model import Activation, AcvId, AdoId, Adoption, Approval, LawFile, Meaning, Mode, PackVersion

law_text = record_table(
    "law_text",
    Column("sha256", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    key=("sha256",),
    append_only=True,
)

law_adoption = record_table(
    "law_adoption",
    Column("id", String(32), primary_key=True),
    Column("files", JsonText, nullable=False),
    Column("adopted_at", Instant, nullable=False),
    append_only=True,
)

pack_version = record_table(
    "pack_version",
    Column("digest", String(64), primary_key=True),
    Column("id", String(120), nullable=False),
    Column("version", String(40), nullable=False),
    Column("about", String(40), nullable=False),
    Column("sha256", ForeignKey("law_text.sha256"), nullable=False),
    Column("author", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("file_status", String(16), nullable=False),
    Column("imported_at", Instant, nullable=False),
    UniqueConstraint("id", "version"),
    UniqueConstraint("digest", "author"),
    UniqueConstraint("digest", "id"),
    key=("digest",),
)

pack_approval = record_table(
    "pack_approval",
    Column("digest", String(64), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("author", String(64), nullable=False),
    Column("role", String(32), nullable=False),
    Column("meaning", String(8), nullable=False),
    Column("remark", String(400), nullable=False),
    Column("salt", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    ForeignKeyConstraint(["digest", "author"], ["pack_version.digest", "pack_version.author"]),
    UniqueConstraint("digest", "role"),
    UniqueConstraint("digest", "person", "role", "meaning"),
    CheckConstraint("role IN ('compliance_officer', 'release_manager')", name="role"),
    CheckConstraint("meaning IN ('approve', 'refuse')", name="meaning"),
    four_eyes("author", "person"),
    key=("digest", "person"),
    append_only=True,
)

_OF_APPROVAL = ["pack_approval.digest", "pack_approval.person", "pack_approval.role", "pack_approval.meaning"]

pack_activation = record_table(
    "pack_activation",
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, index=True),
    Column("pack", String(120), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("wanted_from", Instant, nullable=False),
    Column("proposer", String(64), nullable=False),
    Column("confirmer", String(64)),
    Column("counsel", String(64), nullable=False),
    Column("counsel_role", String(32), nullable=False),
    Column("second", String(64), nullable=False),
    Column("second_role", String(32), nullable=False),
    Column("meaning", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("confirmed_at", Instant),
    Column("effective_from", Instant),
    Column("ended_at", Instant),
    ForeignKeyConstraint(["digest", "pack"], ["pack_version.digest", "pack_version.id"]),
    ForeignKeyConstraint(["digest", "counsel", "counsel_role", "meaning"], _OF_APPROVAL),
    ForeignKeyConstraint(["digest", "second", "second_role", "meaning"], _OF_APPROVAL),
    CheckConstraint("counsel_role = 'compliance_officer' AND second_role = 'release_manager'", name="roles"),
    CheckConstraint("meaning = 'approve' AND counsel <> second", name="two_approvals"),
    CheckConstraint("mode IN ('shadow', 'in_force')", name="mode"),
    CheckConstraint(
        "status IN ('proposed', 'withdrawn') OR (confirmer IS NOT NULL AND confirmed_at IS NOT NULL"
        " AND effective_from IS NOT NULL AND effective_from >= confirmed_at)",
        name="confirmed",
    ),
    CheckConstraint(
        "status NOT IN ('proposed', 'withdrawn') OR (confirmed_at IS NULL AND effective_from IS NULL)",
        name="unconfirmed",
    ),
    four_eyes("proposer", "confirmer"),
)


def keep_texts(work: Work, texts: Iterable[bytes]) -> None:
    """Insert those texts that are not there yet."""
    wanted = {sha256(text).hexdigest(): text for text in texts}
    there = {row.sha256 for row in work.all(select(law_text.c.sha256).where(law_text.c.sha256.in_(list(wanted))))}
    rows = [{"sha256": name, "content": text} for name, text in wanted.items() if name not in there]
    work.insert_all(law_text, rows)


def load_texts(view: View, names: Iterable[str]) -> dict[str, bytes]:
    """Give the bytes behind SHA-256 names.

    Raises Broken when one is missing or is no longer what its name says.
    """
    wanted = set(names)
    rows = view.all(select(law_text).where(law_text.c.sha256.in_(sorted(wanted))))
    found = {row.sha256: bytes(row.content) for row in rows}
    wrong = [name for name in wanted if sha256(found.get(name, b"")).hexdigest() != name]
    if wrong:
        raise Broken(f"the text of the law {wrong[0]} is missing or was changed; run roadworthy verify.")
    return found


def adoptions(view: View) -> list[Adoption]:
    """Give all adoptions, oldest first."""
    rows = view.all(select(law_adoption).order_by(law_adoption.c.id))
    return [Adoption(AdoId(r.id), tuple(LawFile(**file) for file in r.files), r.adopted_at) for r in rows]


def save_adoption(work: Work, made: Adoption) -> None:
    """Insert an adoption."""
    files = [vars(file) for file in made.files]
    work.insert(law_adoption, {"id": made.id, "files": files, "adopted_at": made.adopted_at})


def versions(view: View, after: str = "", limit: int | None = None) -> list[PackVersion]:
    """Give imported versions in the order of their digests, one more than `limit` where there are more."""
    query = select(pack_version).where(pack_version.c.digest > after).order_by(pack_version.c.digest)
    return [_version(row) for row in view.all(query if limit is None else query.limit(limit + 1))]


def load_version(view: View, digest: str) -> PackVersion:
    """Give one imported version.

    Raises NotFound.
    """
    row = view.first(select(pack_version).where(pack_version.c.digest == digest))
    if row is None:
        raise NotFound(f"There is no imported pack with the digest {digest[:64]}; list them: roadworthy law packs.")
    return _version(row)


def sha256_by_digest(view: View) -> dict[str, str]:
    """Give the SHA-256 of the bytes of every imported version by its digest."""
    rows = view.all(select(pack_version.c.digest, pack_version.c.sha256))
    return {row.digest: row.sha256 for row in rows}


def save_version(work: Work, made: PackVersion) -> None:
    """Insert a version."""
    work.insert(pack_version, vars(made))


def approvals(view: View, digest: str) -> list[Approval]:
    """Give the signatures under one version, oldest first."""
    query = select(pack_approval).where(pack_approval.c.digest == digest)
    rows = view.all(query.order_by(pack_approval.c.at, pack_approval.c.person))
    return [Approval(r.digest, r.person, r.role, Meaning(r.meaning), r.remark, r.at) for r in rows]


def save_approval(work: Work, made: Approval, author: str, salt: str) -> None:
    """Insert a signature."""
    work.insert(pack_approval, {**vars(made), "meaning": str(made.meaning), "author": author, "salt": salt})


def activations(view: View, digest: str | None = None) -> list[Activation]:
    """Give all activations, or those of one version, oldest first."""
    query = select(pack_activation).order_by(pack_activation.c.id)
    return [_activation(r) for r in view.all(query if digest is None else query.where(_of(digest)))]


def due(view: View, now: datetime) -> list[Activation]:
    """Give the confirmed activations whose moment has come and whose effect is not recorded yet, in that order."""
    table = pack_activation
    query = select(table).where(table.c.status == "confirmed", table.c.effective_from <= now)
    return [
        _activation(row) for row in view.all(query.order_by(table.c.effective_from, table.c.confirmed_at, table.c.id))
    ]


def trials_of_retired(view: View) -> list[Activation]:
    """Give the trials that run although their version has been put away."""
    query = select(pack_activation).join(pack_version, pack_version.c.digest == pack_activation.c.digest)
    query = query.where(pack_activation.c.status == "in_effect", pack_version.c.status == "retired")
    return [_activation(row) for row in view.all(query.order_by(pack_activation.c.id))]


def load_activation(view: View, activation_id: str) -> Activation:
    """Give one activation.

    Raises NotFound.
    """
    row = view.first(select(pack_activation).where(pack_activation.c.id == activation_id))
    if row is None:
        raise NotFound(f"There is no activation {activation_id[:40]}; look at the pack to find the id.")
    return _activation(row)


def save_activation(work: Work, made: Activation) -> None:
    """Insert an activation."""
    roles: Mapping[str, Any] = {"counsel_role": "compliance_officer", "second_role": "release_manager"}
    work.insert(pack_activation, {**vars(made), **roles, "mode": str(made.mode), "meaning": "approve"})


def _of(digest: str) -> Any:
    return pack_activation.c.digest == digest


def _version(row: Row[Any]) -> PackVersion:
    return PackVersion(
        row.digest, row.id, row.version, row.about, row.sha256, row.author, row.status, row.file_status,
        row.imported_at,
    )  # fmt: skip


def _activation(row: Row[Any]) -> Activation:
    return Activation(
        AcvId(row.id), row.digest, row.pack, Mode(row.mode), row.wanted_from, row.proposer, row.confirmer, row.counsel,
        row.second, row.status, row.confirmed_at, row.effective_from, row.ended_at,
    )  # fmt: skip
