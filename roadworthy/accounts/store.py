"""Tables of people, tokens and sessions, and all SQL over them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Row, Select, String, delete, func, insert, or_, select, update

from roadworthy.accounts.model import Person, Token, TokId, UsrId
from roadworthy.database import Instant, JsonText, View, Work, cache, record_table
from roadworthy.kernel.errors import NotFound

person = record_table(
    "person",
    Column("id", String(32), primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("roles", JsonText, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
)

api_token = record_table(
    "api_token",
    Column("id", String(32), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("label", String(120), nullable=False),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("salt", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

session = cache(
    "session",
    "who is signed in to the console: lost, people sign in again; it proves nothing about what they did",
    Column("id_sha256", String(64), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    # The token that was signed in with: a session never outlives it.
    Column("token_id", ForeignKey("api_token.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)


def load_person(view: View, person_id: str) -> Person:
    """Give one person.

    Raises NotFound.
    """
    row = view.first(select(person).where(person.c.id == person_id))
    if row is None:
        raise NotFound(f"There is no person {person_id[:40]}; list people to find the id.")
    return _person(row)


def names_of(view: View, person_ids: Iterable[str]) -> dict[str, str]:
    """Give the names of people by id; whoever is no person here (the system, a vehicle) is left out."""
    rows = view.all(select(person.c.id, person.c.name).where(person.c.id.in_(sorted(set(person_ids)))))
    return {row.id: row.name for row in rows}


def list_people(view: View, after: str = "", limit: int = 50) -> list[Person]:
    """Give people in the order of their ids, after `after`, one more than `limit` where there are more."""
    query = select(person).where(person.c.id > after).order_by(person.c.id).limit(limit + 1)
    return [_person(row) for row in view.all(query)]


def lock_active_people(work: Work) -> list[Person]:
    """Give all active people and hold their rows, so that two removals cannot pass each other."""
    return [_person(row) for row in work.all(select(person).where(person.c.active).with_for_update())]


def count_people(view: View) -> int:
    """Give the number of people, active or not."""
    return int(view.scalar(select(func.count()).select_from(person)))


def save_person(work: Work, made: Person) -> None:
    """Insert a person."""
    work.insert(
        person,
        {
            "id": made.id,
            "name": made.name,
            "roles": sorted(made.roles),
            "active": made.active,
            "salt": made.salt,
            "created_at": made.created_at,
        },
    )


def change_person(
    work: Work, known: Person, *, roles: Iterable[str] | None = None, active: bool | None = None
) -> Person:
    """Change roles or activity of a person that is still as `known`.

    Raises Changed.
    """
    changes: dict[str, Any] = {}
    if roles is not None:
        changes["roles"] = sorted(roles)
    if active is not None:
        changes["active"] = active
    expected = {"roles": sorted(known.roles), "active": known.active}
    return _person(work.update(person, {"id": known.id}, changes, **expected))


def save_token(work: Work, made: Token, token_sha256: str, salt: str) -> None:
    """Insert a token under the digest of its secret."""
    work.insert(
        api_token,
        {
            "id": made.id,
            "person_id": made.person_id,
            "label": made.label,
            "token_sha256": token_sha256,
            "salt": salt,
            "created_at": made.created_at,
            "expires_at": made.expires_at,
            "revoked_at": made.revoked_at,
        },
    )


def load_token(view: View, token_id: str) -> Token:
    """Give one token.

    Raises NotFound.
    """
    row = view.first(select(api_token).where(api_token.c.id == token_id))
    if row is None:
        raise NotFound(f"There is no token {token_id[:40]}; list the person's tokens to find the id.")
    return _token(row)


def list_tokens(view: View, person_id: str) -> list[Token]:
    """Give all tokens of a person, oldest first."""
    query = select(api_token).where(api_token.c.person_id == person_id).order_by(api_token.c.id)
    return [_token(row) for row in view.all(query)]


def mark_token_revoked(work: Work, token_id: str, at: datetime) -> Token:
    """Revoke a token that is not revoked yet.

    Raises Changed.
    """
    return _token(work.update(api_token, {"id": token_id}, {"revoked_at": at}, revoked_at=None))


def person_of_token(view: View, token_sha256: str) -> tuple[Person, Token, str] | None:
    """Give person, token and kept digest for the digest of a secret; one indexed read."""
    joined = select(api_token, *_labelled()).join(person, person.c.id == api_token.c.person_id)
    row = view.first(joined.where(api_token.c.token_sha256 == token_sha256))
    return None if row is None else (_person_of(row), _token(row), row.token_sha256)


def person_of_session(view: View, id_sha256: str) -> tuple[Person, datetime, datetime, str] | None:
    """Give person, expiry, last-seen instant and kept digest for the digest of a session secret.

    None also when the token that it was opened with is revoked or has expired.
    """
    joined: Select[Any] = select(session, *_labelled()).join(person, person.c.id == session.c.person_id)
    alive = or_(api_token.c.expires_at.is_(None), api_token.c.expires_at > view.now)
    joined = joined.join(api_token, api_token.c.id == session.c.token_id).where(api_token.c.revoked_at.is_(None), alive)
    row = view.first(joined.where(session.c.id_sha256 == id_sha256))
    return None if row is None else (_person_of(row), row.expires_at, row.seen_at, row.id_sha256)


def open_session(work: Work, id_sha256: str, person_id: str, token_id: str, expires_at: datetime) -> None:
    """Write a session line and drop those that have expired."""
    work.execute(delete(session).where(session.c.expires_at <= work.now))
    line = {
        "id_sha256": id_sha256,
        "person_id": person_id,
        "token_id": token_id,
        "created_at": work.now,
        "expires_at": expires_at,
        "seen_at": work.now,
    }
    work.execute(insert(session).values(line))


def touch_session(work: Work, id_sha256: str) -> None:
    """Note that a session was used now."""
    work.execute(update(session).where(session.c.id_sha256 == id_sha256).values(seen_at=work.now))


def close_session(work: Work, id_sha256: str) -> None:
    """Drop a session."""
    work.execute(delete(session).where(session.c.id_sha256 == id_sha256))


def close_sessions_of(work: Work, person_id: str) -> None:
    """Drop all sessions of a person."""
    work.execute(delete(session).where(session.c.person_id == person_id))


def _labelled() -> list[Any]:
    return [column.label(f"person_{column.name}_of") for column in person.columns]


def _person_of(row: Row[Any]) -> Person:
    return Person(
        UsrId(row.person_id_of),
        row.person_name_of,
        frozenset(row.person_roles_of),
        row.person_active_of,
        row.person_salt_of,
        row.person_created_at_of,
    )


def _person(row: Row[Any]) -> Person:
    return Person(UsrId(row.id), row.name, frozenset(row.roles), row.active, row.salt, row.created_at)


def _token(row: Row[Any]) -> Token:
    return Token(TokId(row.id), UsrId(row.person_id), row.label, row.created_at, row.expires_at, row.revoked_at)
