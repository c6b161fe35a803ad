"""Attacks on sessions and tokens."""

from roadworthy.accounts import actions as accounts
from roadworthy.database.schema import event
from tests.security.site import SYSTEM, Site, session_of


def whoami(server: Site, session: str) -> int:
    return server.ask("GET", "/api/v1/whoami", headers={"cookie": f"roadworthy_session={session}"}).status_code


def somebody(server: Site, name: str, *roles: str) -> tuple:
    person = accounts.add_person(server.installation.database, SYSTEM, name, roles)
    return person, accounts.issue_token(server.installation.database, SYSTEM, person.id, "laptop")[1]


def test_a_session_that_was_planted_before_sign_in_is_not_taken_over(server: Site) -> None:
    planted = "rw_" + "A" * 43
    answer = server.sign_in(server.tokens["auditor"], headers={"cookie": f"roadworthy_session={planted}"})
    assert session_of(answer) != planted
    assert (whoami(server, planted), whoami(server, session_of(answer))) == (401, 200)


def test_a_session_is_over_after_sign_out_also_for_who_kept_its_cookie(server: Site) -> None:
    kept = session_of(server.sign_in(server.tokens["auditor"]))
    server.ask("POST", "/sign-out", headers={"cookie": f"roadworthy_session={kept}"})
    assert whoami(server, kept) == 401


def test_a_session_secret_is_no_token_and_a_token_is_no_session(server: Site) -> None:
    session = session_of(server.sign_in(server.tokens["auditor"]))
    assert server.ask("GET", "/api/v1/whoami", headers={"Authorization": f"Bearer {session}"}).status_code == 401
    assert server.sign_in(session).status_code in {303, 401}
    assert "set-cookie" not in server.sign_in(session).headers
    assert whoami(server, server.tokens["auditor"]) == 401


def test_a_role_that_was_taken_is_gone_from_open_sessions_at_once(server: Site) -> None:
    person, token = somebody(server, "Was Officer", "administrator")
    session = session_of(server.sign_in(token))
    asked = {"headers": {"cookie": f"roadworthy_session={session}"}}
    assert server.ask("GET", "/api/v1/people", **asked).status_code == 200
    accounts.revoke_role(server.installation.database, SYSTEM, person.id, "administrator")
    assert server.ask("GET", "/api/v1/people", **asked).status_code == 403


def test_a_deactivated_person_keeps_neither_session_nor_token(server: Site) -> None:
    person, token = somebody(server, "Left Us", "release_manager")
    session = session_of(server.sign_in(token))
    accounts.deactivate(server.installation.database, SYSTEM, person.id)
    assert whoami(server, session) == 401
    assert server.ask("GET", "/api/v1/whoami", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_revoked_token_opens_nothing_new(server: Site) -> None:
    person, _ = somebody(server, "Has Many")
    database = server.installation.database
    token, secret = accounts.issue_token(database, SYSTEM, person.id, "stolen")
    accounts.revoke_token(database, SYSTEM, token.id)
    assert server.ask("GET", "/api/v1/whoami", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert "set-cookie" not in server.sign_in(secret).headers


def test_no_secret_stands_in_the_database_or_in_an_event(server: Site) -> None:
    session = session_of(server.sign_in(server.tokens["auditor"]))
    settings = server.installation.settings
    files = [file for file in settings.home.glob("roadworthy.db*") if file.suffix != ".db-shm"]
    kept = b"".join(file.read_bytes() for file in files)
    assert len(kept) > 100_000
    for secret in (session, *server.tokens.values()):
        assert secret.encode() not in kept
    with server.installation.database.read() as view:
        bodies = " ".join(row.body for row in view.all(event.select()))
    assert "Person" not in bodies
    assert "rw_" not in bodies
