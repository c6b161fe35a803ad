"""What a role and a name may be, and who must remain; pure."""

from collections.abc import Iterable

from roadworthy.accounts.model import Person, Role
from roadworthy.kernel.errors import Refused, Unusable


class LastAdministrator(Refused):
    """This is the last active administrator; make another person administrator first."""

    code = "administrator.last"


def parse_role(text: str) -> Role:
    """Read a role.

    Raises Unusable, naming all roles.
    """
    try:
        return Role(text)
    except ValueError as error:
        raise Unusable(f"{text[:40]!r} is no role; use one of {', '.join(Role)}.", code="role.unknown") from error


def parse_name(text: str, what: str = "name") -> str:
    """Read a name of 1 to 120 printable characters, with single blanks.

    Raises Unusable.
    """
    name = " ".join(text.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise Unusable(f"The {what} must have 1 to 120 printable characters.", code=f"{what}.unusable", at=what)
    return name


def keep_an_administrator(people: Iterable[Person], losing: str) -> None:
    """Refuse when no active administrator but `losing` would remain among `people`.

    Raises LastAdministrator.
    """
    left = [p for p in people if p.active and Role.ADMINISTRATOR in p.roles and p.id != losing]
    if not left:
        raise LastAdministrator
