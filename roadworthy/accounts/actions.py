"""The verbs over people and tokens, and who a secret speaks for."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from roadworthy.accounts import rules, store
from roadworthy.accounts.credentials import looks_like_secret, new_secret, secret_digest
from roadworthy.accounts.model import Person, Role, Token, TokId, UsrId
from roadworthy.accounts.permissions import require_self_or_administrator
from roadworthy.database import Actor, Database, View, Work
from roadworthy.kernel.errors import NotPermitted, Refused, SignInNeeded, Unusable
from roadworthy.kernel.time import to_text

SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(hours=1)
_TOUCH_AFTER = timedelta(minutes=1)


def first_administrator(database: Database, name: str) -> tuple[Person, str]:
    """Make the first person, an administrator, and a token for them; the secret is shown this once.

    Raises Refused when there are people already.
    """
    with database.begin(Actor("system:init"), attempt="accounts.first_administrator") as work:
        if store.count_people(work):
            raise Refused("There are people already; an administrator adds further ones.", code="people.exist")
        made = Person(
            UsrId.new(work.now),
            rules.parse_name(name),
            frozenset({str(Role.ADMINISTRATOR)}),
            active=True,
            salt=secrets.token_hex(16),
            created_at=work.now,
        )
        store.save_person(work, made)
        work.record("person.added", made.id, {"roles": sorted(made.roles)})
        return made, _issue(work, made.id, "first sign-in", None)[1]


def add_person(database: Database, actor: Actor, name: str, roles: Iterable[str] = ()) -> Person:
    """Add a person with `roles`; administrator only.

    Raises NotPermitted, Unusable for an unusable name or role, Refused when the name is taken.
    """
    wanted = frozenset(str(rules.parse_role(role)) for role in roles)
    parsed = rules.parse_name(name)
    with database.begin(actor, attempt="accounts.add_person") as work:
        actor.require(Role.ADMINISTRATOR)
        made = Person(UsrId.new(work.now), parsed, wanted, True, secrets.token_hex(16), work.now)
        store.save_person(work, made)
        work.record("person.added", made.id, {"roles": sorted(wanted)})
    return made


def grant_role(database: Database, actor: Actor, person_id: UsrId, role: str) -> Person:
    """Give a person a role; administrator only.

    Raises NotPermitted, NotFound, Unusable, Refused when the person is inactive or holds the role.
    """
    granted = str(rules.parse_role(role))
    with database.begin(actor, attempt="accounts.grant_role", subject=person_id) as work:
        actor.require(Role.ADMINISTRATOR)
        known = store.load_person(work, person_id)
        if not known.active:
            raise Refused("This person is deactivated and cannot be given a role.", code="person.inactive")
        if granted in known.roles:
            raise Refused(f"This person is {granted} already.", code="role.held")
        changed = store.change_person(work, known, roles=known.roles | {granted})
        work.record("role.granted", person_id, {"role": granted})
    return changed


def revoke_role(database: Database, actor: Actor, person_id: UsrId, role: str) -> Person:
    """Take a role from a person; administrator only.

    Raises NotPermitted, NotFound, Unusable, LastAdministrator, Refused when the person does not hold it.
    """
    lost = str(rules.parse_role(role))
    with database.begin(actor, attempt="accounts.revoke_role", subject=person_id) as work:
        actor.require(Role.ADMINISTRATOR)
        active = store.lock_active_people(work)
        known = store.load_person(work, person_id)
        if lost not in known.roles:
            raise Refused(f"This person is not {lost}.", code="role.not_held")
        if lost == Role.ADMINISTRATOR:
            rules.keep_an_administrator(active, person_id)
        changed = store.change_person(work, known, roles=known.roles - {lost})
        work.record("role.revoked", person_id, {"role": lost})
    return changed


def deactivate(database: Database, actor: Actor, person_id: UsrId) -> Person:
    """Deactivate a person for good: no token and no session of theirs works any more; administrator only.

    Raises NotPermitted, NotFound, LastAdministrator, Refused when inactive already.
    """
    with database.begin(actor, attempt="accounts.deactivate", subject=person_id) as work:
        actor.require(Role.ADMINISTRATOR)
        active = store.lock_active_people(work)
        known = store.load_person(work, person_id)
        if not known.active:
            raise Refused("This person is deactivated already.", code="person.inactive")
        rules.keep_an_administrator(active, person_id)
        changed = store.change_person(work, known, active=False)
        store.close_sessions_of(work, person_id)
        work.record("person.deactivated", person_id)
    return changed


def issue_token(
    database: Database, actor: Actor, person_id: UsrId, label: str, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """Issue an API token for a person; give the token and its secret, which is shown this once.

    An administrator may do it for anybody, every person for themselves. Raises NotPermitted, NotFound, Unusable
    for an expiry in the past, Refused for a deactivated person.
    """
    parsed = rules.parse_name(label, "label")
    with database.begin(actor, attempt="accounts.issue_token", subject=person_id) as work:
        require_self_or_administrator(actor, person_id)
        if not store.load_person(work, person_id).active:
            raise Refused("This person is deactivated and gets no token.", code="person.inactive")
        if expires_at is not None and expires_at <= work.now:
            raise Unusable("expires_at lies in the past; choose a later instant.", code="expiry.past", at="expires_at")
        return _issue(work, person_id, parsed, expires_at)


def revoke_token(database: Database, actor: Actor, token_id: TokId) -> Token:
    """Revoke a token at once; an administrator, or the person it belongs to.

    Raises NotPermitted, NotFound, Refused when it is revoked already.
    """
    with database.begin(actor, attempt="accounts.revoke_token", subject=token_id) as work:
        known = store.load_token(work, token_id)
        require_self_or_administrator(actor, known.person_id)
        if known.revoked_at is not None:
            raise Refused("This token is revoked already.", code="token.revoked")
        revoked = store.mark_token_revoked(work, token_id, work.now)
        work.record("token.revoked", token_id, {"person": known.person_id})
    return revoked


def actor_of_token(view: View, secret: str) -> Actor:
    """Give the person that an API token speaks for, with the roles they hold now; one indexed read.

    Raises SignInNeeded for a secret that is unknown, revoked, expired or of a deactivated person, with one message
    for all: a caller without a valid token learns nothing.
    """
    return _of_token(view, secret)[0]


def sign_in(database: Database, token_secret: str) -> tuple[Person, str]:
    """Open a console session for the holder of an API token; give the person and the session's secret.

    The session ends after 12 hours, one hour without use, or with its token. Raises SignInNeeded.
    """
    with database.read() as view:
        actor, token = _of_token(view, token_secret)  # before the write lock: a wrong token costs a read only
    with database.begin(Actor("system:sign-in")) as work:
        secret = new_secret()
        store.open_session(work, secret_digest(secret), actor.id, token.id, work.now + SESSION_LIFE)
        return store.load_person(work, actor.id), secret


def sign_out(database: Database, session_secret: str) -> None:
    """End a session; one that is not there has ended already."""
    with database.begin(Actor("system:sign-in")) as work:
        store.close_session(work, secret_digest(session_secret))


def actor_of_session(view: View, session_secret: str) -> Actor:
    """Give the person of a session, with the roles they hold now.

    Raises SignInNeeded when it is unknown, expired, idle for too long, or of a deactivated person.
    """
    return _of_session(view, session_secret)[0]


def resume_session(database: Database, session_secret: str) -> Actor:
    """Give the person of a session and note that it was used, at most once a minute.

    Raises SignInNeeded.
    """
    with database.read() as view:
        actor, seen_at = _of_session(view, session_secret)
        stale = view.now - seen_at >= _TOUCH_AFTER
    if stale:
        with database.begin(Actor("system:sign-in")) as work:
            store.touch_session(work, secret_digest(session_secret))
    return actor


def whoami(view: View, actor: Actor) -> Person:
    """Give the person behind an actor.

    Raises NotPermitted for the system and vehicles.
    """
    if not actor.id.startswith(f"{UsrId.prefix}-"):
        raise NotPermitted("Only a person has an account.", code="actor.no_person")
    return store.load_person(view, actor.id)


def _issue(work: Work, person_id: UsrId, label: str, expires_at: datetime | None) -> tuple[Token, str]:
    made = Token(TokId.new(work.now), person_id, label, work.now, expires_at, None)
    secret = new_secret()
    store.save_token(work, made, secret_digest(secret), secrets.token_hex(16))
    expiry = to_text(expires_at) if expires_at else None
    work.record("token.issued", made.id, {"person": person_id, "expires_at": expiry})
    return made, secret


def _of_token(view: View, secret: str) -> tuple[Actor, Token]:
    digest = secret_digest(secret)
    found = store.person_of_token(view, digest) if looks_like_secret(secret) else None
    if found is None:
        raise SignInNeeded
    person, token, kept = found
    alive = token.revoked_at is None and (token.expires_at is None or view.now < token.expires_at)
    if not (hmac.compare_digest(digest, kept) and alive and person.active):
        raise SignInNeeded
    return Actor(person.id, person.roles), token


def _of_session(view: View, secret: str) -> tuple[Actor, datetime]:
    digest = secret_digest(secret)
    found = store.person_of_session(view, digest) if looks_like_secret(secret) else None
    if found is None:
        raise SignInNeeded
    person, expires_at, seen_at, kept = found
    alive = view.now < expires_at and view.now - seen_at < SESSION_IDLE
    if not (hmac.compare_digest(digest, kept) and alive and person.active):
        raise SignInNeeded
    return Actor(person.id, person.roles), seen_at
