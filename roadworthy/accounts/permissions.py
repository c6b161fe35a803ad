"""Who may: checks of an actor that one role alone does not express."""

from roadworthy.accounts.model import Role
from roadworthy.database import Actor
from roadworthy.kernel.errors import NotPermitted


def require_any(actor: Actor, *roles: str) -> None:
    """Refuse unless the actor holds one of `roles` (or is the system).

    Raises NotPermitted.
    """
    if actor.id.startswith("system:") or actor.roles.intersection(roles):
        return
    raise NotPermitted(f"This needs the role {' or '.join(roles)}; ask somebody who holds it.", code="role.missing")


def require_self_or_administrator(actor: Actor, person_id: str) -> None:
    """Refuse unless the actor is that person or an administrator.

    Raises NotPermitted.
    """
    if actor.id != person_id:
        actor.require(Role.ADMINISTRATOR)
