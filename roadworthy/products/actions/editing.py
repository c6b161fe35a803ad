"""What all amendments share: who may, what changes, and when a second person is needed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table

from roadworthy.database import Actor, Work
from roadworthy.database.history import last_actor
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable

ROLE = "homologation_officer"
NULLABLE = frozenset({"licensed_manufacturer", "influences", "is_main", "tolerance", "needed_if"})


class NothingChanged(Refused):
    """Nothing would change; the record says this already."""

    code = "nothing_changed"


def second_person(work: Work, actor: Actor, subject: str) -> None:
    """Require that who loosens an entry is not who wrote it last: the class of an upgrade follows from it.

    Raises NotPermitted.
    """
    if last_actor(work, subject) == actor.id:
        raise NotPermitted(
            "This could make the law ask for less, and you wrote the entry last; ask another homologation officer.",
            code="four_eyes",
        )


def only(changes: Mapping[str, Any], allowed: set[str]) -> None:
    """Check that only what may change would, and to a value.

    Raises Unusable.
    """
    if unknown := sorted(set(changes) - allowed):
        raise Unusable(f"{', '.join(unknown)} cannot be changed; these can: {', '.join(sorted(allowed))}.")
    if empty := sorted(name for name, value in changes.items() if value is None and name not in NULLABLE):
        raise Unusable(f"{', '.join(empty)} cannot be null; leave it out to keep it.", at=empty[0])


def amend(
    work: Work, table: Table, key: Mapping[str, Any], known: Mapping[str, Any], wanted: Mapping[str, Any], told: str
) -> None:
    """Change the columns in which `wanted` differs from `known`, and record it as the event `told` of the row.

    The event says what each was and is. Raises NothingChanged, Changed.
    """
    changed = {name: [known[name], wanted[name]] for name in known if known[name] != wanted[name]}
    if not changed:
        raise NothingChanged
    before = {name: pair[0] for name, pair in changed.items()}
    work.update(table, key, {name: pair[1] for name, pair in changed.items()}, **before)
    subject = f"parameter:{key['key']}" if "key" in key else str(key["id"])
    work.record(told, subject, {"changed": changed})
