"""People, roles, tokens and sessions."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from roadworthy.accounts import actions, store, web
from roadworthy.accounts.credentials import looks_like_secret, new_secret, secret_digest
from roadworthy.accounts.model import Role
from roadworthy.accounts.rules import LastAdministrator
from roadworthy.database import Actor, Database
from roadworthy.database.schema import event
from roadworthy.kernel.errors import NotFound, NotPermitted, Refused, SignInNeeded, Unusable

from .app import NOBODY, client


@pytest.fixture
def boss(database: Database) -> Actor:
    person, secret = actions.first_administrator(database, "Zhang San")
    with database.read() as view:
        actor = actions.actor_of_token(view, secret)
    assert actor == Actor(person.id, frozenset({"administrator"}))
    return actor


def test_first_administrator_only_on_an_empty_table(database: Database, boss: Actor) -> None:
    with pytest.raises(Refused, match="people already"):
        actions.first_administrator(database, "Li Si")
    with database.read() as view:
        assert [p.id for p in store.list_people(view)] == [boss.id]


def test_only_an_administrator_manages_people(database: Database, boss: Actor) -> None:
    person = actions.add_person(database, boss, "Li Si", ["auditor"])
    other = Actor(person.id, person.roles)
    for attempt in (
        lambda: actions.add_person(database, other, "Wang Wu"),
        lambda: actions.grant_role(database, other, person.id, "administrator"),
        lambda: actions.revoke_role(database, other, person.id, "auditor"),
        lambda: actions.deactivate(database, other, person.id),
        lambda: actions.issue_token(database, other, boss.id, "not mine"),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_refused_attempts_are_recorded(database: Database, boss: Actor) -> None:
    with pytest.raises(NotPermitted):
        actions.add_person(database, NOBODY, "Li Si")
    with database.read() as view:
        assert view.all(select(event.c.kind).order_by(event.c.seq))[-1].kind == "action.refused"


def test_roles_come_and_go_and_count_at_once(database: Database, boss: Actor) -> None:
    person = actions.add_person(database, boss, " Li   Si ", [])
    _, secret = actions.issue_token(database, boss, person.id, "laptop")
    actions.grant_role(database, boss, person.id, "release_engineer")
    with database.read() as view:
        assert actions.actor_of_token(view, secret).roles == {"release_engineer"}
    with pytest.raises(Refused, match="already"):
        actions.grant_role(database, boss, person.id, "release_engineer")
    actions.revoke_role(database, boss, person.id, "release_engineer")
    with database.read() as view:
        assert actions.actor_of_token(view, secret).roles == frozenset()
        assert store.load_person(view, person.id).name == "Li Si"


def test_the_last_administrator_cannot_be_removed(database: Database, boss: Actor) -> None:
    with pytest.raises(LastAdministrator):
        actions.revoke_role(database, boss, boss.id, "administrator")
    with pytest.raises(LastAdministrator):
        actions.deactivate(database, boss, boss.id)
    second = actions.add_person(database, boss, "Li Si", [Role.ADMINISTRATOR])
    actions.deactivate(database, boss, second.id)
    with pytest.raises(LastAdministrator):
        actions.deactivate(database, boss, boss.id)


def test_two_people_cannot_share_a_name(database: Database, boss: Actor) -> None:
    with pytest.raises(Refused, match="exists already"):
        actions.add_person(database, boss, "Zhang San")


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b"])
def test_unusable_names_are_told(database: Database, boss: Actor, name: str) -> None:
    with pytest.raises(Unusable, match="1 to 120"):
        actions.add_person(database, boss, name)


def test_unknown_role_names_all_roles(database: Database, boss: Actor) -> None:
    with pytest.raises(Unusable, match="auditor"):
        actions.add_person(database, boss, "Li Si", ["king"])


def test_a_token_is_kept_as_digest_only(database: Database, boss: Actor) -> None:
    token, secret = actions.issue_token(database, boss, boss.id, "ci")
    assert looks_like_secret(secret)
    with database.read() as view:
        for table in (store.api_token, event):
            assert secret not in repr(view.all(select(table)))
        kept = view.first(select(store.api_token).where(store.api_token.c.id == token.id))
    assert kept is not None
    assert kept.token_sha256 == secret_digest(secret)


def test_dead_tokens_open_nothing(database: Database, boss: Actor) -> None:
    person = actions.add_person(database, boss, "Li Si")
    revoked, first = actions.issue_token(database, boss, person.id, "a")
    _, short = actions.issue_token(database, boss, person.id, "b", database.time.now() + timedelta(hours=1))
    _, third = actions.issue_token(database, boss, person.id, "c")
    actions.revoke_token(database, Actor(person.id), revoked.id)
    database.time.advance(hours=1)
    actions.deactivate(database, boss, person.id)
    with database.read() as view:
        for secret in (first, short, third, new_secret(), "", "rw_", "x" * 5000, "é"):
            with pytest.raises(SignInNeeded):
                actions.actor_of_token(view, secret)
    with pytest.raises(Refused, match="already"):
        actions.revoke_token(database, boss, revoked.id)
    with pytest.raises(Refused, match="deactivated"):
        actions.issue_token(database, boss, person.id, "d")


def test_expiry_in_the_past_is_unusable(database: Database, boss: Actor) -> None:
    with pytest.raises(Unusable, match="past"):
        actions.issue_token(database, boss, boss.id, "x", database.time.now())


def test_a_session_ends_by_idleness_by_age_and_by_sign_out(database: Database, boss: Actor) -> None:
    _, token = actions.issue_token(database, boss, boss.id, "console")
    _, idle = actions.sign_in(database, token)
    database.time.advance(minutes=59)
    assert actions.resume_session(database, idle).id == boss.id
    database.time.advance(minutes=59)
    assert actions.resume_session(database, idle).id == boss.id
    database.time.advance(hours=1)
    with pytest.raises(SignInNeeded):
        actions.resume_session(database, idle)
    _, busy = actions.sign_in(database, token)
    for _ in range(23):
        database.time.advance(minutes=30)
        actions.resume_session(database, busy)
    database.time.advance(minutes=30)
    with pytest.raises(SignInNeeded):
        actions.resume_session(database, busy)
    _, left = actions.sign_in(database, token)
    actions.sign_out(database, left)
    with database.read() as view, pytest.raises(SignInNeeded):
        actions.actor_of_session(view, left)


def test_deactivation_ends_sessions(database: Database, boss: Actor) -> None:
    person = actions.add_person(database, boss, "Li Si")
    _, token = actions.issue_token(database, boss, person.id, "console")
    _, session = actions.sign_in(database, token)
    actions.deactivate(database, boss, person.id)
    with pytest.raises(SignInNeeded):
        actions.resume_session(database, session)


def test_api_tells_people_tokens_and_errors(database: Database, boss: Actor) -> None:
    http = client(database, boss, web.router)
    made = http.post("/api/v1/people", json={"name": "Li Si", "roles": ["auditor"]})
    assert made.status_code == 201
    person_id = made.json()["id"]
    assert http.get("/api/v1/people", params={"limit": 1}).json()["next"] == min(boss.id, person_id)
    assert http.put(f"/api/v1/people/{person_id}/roles/safety_engineer").json()["roles"] == [
        "auditor", "safety_engineer",
    ]  # fmt: skip
    token = http.post(f"/api/v1/people/{person_id}/tokens", json={"label": "ci"}).json()
    assert looks_like_secret(token["secret"])
    assert "secret" not in http.get(f"/api/v1/people/{person_id}/tokens").text
    assert http.post(f"/api/v1/tokens/{token['id']}/revoke").json()["revoked_at"]
    assert http.get("/api/v1/whoami").json()["id"] == boss.id
    for answer, status in (
        (http.post("/api/v1/people", json={"name": "x", "rules": []}), 422),
        (http.post("/api/v1/people", content=b"{", headers={"content-type": "application/json"}), 400),
        (http.get("/api/v1/people", params={"limit": 0}), 400),
        (http.get("/api/v1/people/USR-01ARZ3NDEKTSV4RRFFQ69G5FAV"), 404),
        (http.delete("/api/v1/people"), 405),
        (http.post(f"/api/v1/people/{person_id}/promote"), 404),
        (http.delete(f"/api/v1/people/{boss.id}/roles/administrator"), 409),
        (client(database, NOBODY, web.router).get("/api/v1/people"), 403),
        (client(database, None, web.router).get("/api/v1/whoami"), 401),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_unknown_ids_are_not_found(database: Database, boss: Actor) -> None:
    with pytest.raises(NotFound):
        actions.grant_role(database, boss, "USR-01ARZ3NDEKTSV4RRFFQ69G5FAV", "auditor")
