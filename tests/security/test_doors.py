"""Attacks through HTTP: without an account, with too little of one, from another site, by odd paths."""

import json
import re
from pathlib import Path

import pytest

from tests.security.site import ROLES, Site

# What anybody may ask, and why.
OPEN = {
    ("GET", "/static/{digest}/{name:path}"),  # the console's own files
    ("GET", "/favicon.ico"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),  # ends the caller's own session, if there is one
    ("GET", "/"),  # leads on, shows nothing
    ("GET", "/api/v1/trust"),  # public keys that auditors pin
    ("GET", "/healthz"),
    ("GET", "/readyz"),  # whether clocks are watched: no ids, no names
    ("GET", "/log/checkpoint"),  # the log is public
    ("GET", "/log/{path:path}"),
    ("GET", "/uptane/image/metadata/{filename}"),  # signed and the same for every vehicle
}
VIN = "LEX00000XA0000001"


def filled(path: str) -> str:
    """Put something into every place of a path."""
    words = {"vin": VIN, "verb": "start", "number": "1", "kind": "csv", "what": "vehicles"}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: words.get(found[1], "x"), path)


def test_the_site_has_all_its_doors_in_this_test(server: Site) -> None:
    paths = {path for _, path in server.routes()}
    assert len(paths) > 60
    assert set(OPEN) <= set(server.routes())


def test_without_an_account_every_route_but_the_listed_ones_answers_401(server: Site) -> None:
    answers = {
        (method, path): server.ask(method, filled(path)).status_code
        for method, path in server.routes()
        if (method, path) not in OPEN and path != "/"
    }
    assert {where: status for where, status in answers.items() if status != 401} == {}


@pytest.mark.parametrize("scheme", ["Bearer", "TargetToken", "Basic", ""])
@pytest.mark.parametrize("token", ["", "rw_" + "A" * 43, "rw_" + "A" * 42 + "\t", "' OR 1=1 --", "null"])
def test_an_invented_token_opens_neither_the_staff_door_nor_the_vehicles(server: Site, scheme: str, token: str) -> None:
    headers = {"Authorization": f"{scheme} {token}"}
    for path in (
        "/api/v1/whoami",
        f"/DEFAULT/controller/v1/{VIN}",
        f"/uptane/vehicle/{VIN}/director/metadata/1.root.json",
    ):
        assert server.ask("GET", path, headers=headers).status_code == 401


def test_a_persons_token_is_no_vehicles_token(server: Site) -> None:
    headers = {"Authorization": f"TargetToken {server.tokens['administrator']}"}
    assert server.ask("GET", f"/DEFAULT/controller/v1/{VIN}", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "sent", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}]
)
def test_no_changing_route_can_be_called_by_another_site(server: Site, sent: dict[str, str]) -> None:
    for method, path in server.routes():
        if method != "GET":
            answer = server.ask(method, filled(path), "administrator", headers=sent)
            assert (answer.status_code, answer.json()["code"]) == (403, "request.cross_site"), (method, path)


@pytest.mark.parametrize("role", [role for role in (*ROLES, "") if role != "administrator"])
def test_nobody_but_the_administrator_manages_people_or_provisions(server: Site, role: str) -> None:
    boss, me = server.ids["administrator"], server.ids[role]
    asked = [
        ("POST", "/api/v1/people", {"name": "Puppet", "roles": ["release_manager"]}),
        ("PUT", f"/api/v1/people/{me}/roles/administrator", None),
        ("PUT", f"/api/v1/people/{me}/roles/release_manager", None),
        ("DELETE", f"/api/v1/people/{boss}/roles/administrator", None),
        ("POST", f"/api/v1/people/{boss}/deactivate", None),
        ("POST", f"/api/v1/people/{boss}/tokens", {"label": "mine"}),
        ("GET", f"/api/v1/people/{boss}/tokens", None),
        ("POST", "/api/v1/vehicles/provision", {"vehicle_ids": ["VEH-" + "0" * 26]}),
    ]
    for method, path, body in asked:
        assert server.ask(method, path, role, json=body).status_code == 403, (method, path)


@pytest.mark.parametrize("role", ["auditor", ""])
def test_who_only_reads_cannot_write(server: Site, role: str) -> None:
    table = {"file": ("a.csv", b"vin,model_code\n")}
    asked = [
        ("/api/v1/vehicle-types", {"json": {"model_code": "M", "name": "n", "automation_level": 2, "imported": True}}),
        ("/api/v1/parameters", {"json": {"key": "a", "label": {"zh": "a", "en": "a"}, "type": "text"}}),
        ("/api/v1/filings", {"json": {"kind": "miit_enterprise"}}),
        ("/api/v1/vehicles/import", {"files": table}),
        ("/api/v1/ecus/import", {"files": table}),
    ]
    for path, content in asked:
        assert server.ask("POST", path, role, **content).status_code == 403, path


@pytest.mark.parametrize(
    "path",
    [
        "/log/../roadworthy.db", "/log/..%2froadworthy.db", "/log/%2e%2e/keys/log.pem",
        "/log/tile/0/../../../roadworthy.toml",
        "/log/tile/entries/..%2f..%2f..%2fkeys%2flog.pem", "/log/.lock", "/log/tile/%D9%A0/%D9%A0%D9%A0%D9%A0",
        "/static/x/..%2f..%2fsession.py", "/static/x/../../pages.py", "/static/x/%2fetc%2fpasswd",
        "/uptane/image/metadata/..%2f..%2fkeys%2frelease.pem", "/uptane/image/metadata/%C2%B9.root.json",
        "/demo-people.json", "/roadworthy.toml", "/artifacts/incoming",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_what_is_served(server: Site, path: str) -> None:
    answer = server.ask("GET", path, "administrator")
    assert answer.status_code == 404
    assert "PRIVATE KEY" not in answer.text


def test_a_filter_is_a_value_and_never_sql_or_a_pattern(server: Site) -> None:
    for word in ("'", "' OR '1'='1", "%", "_", '"; DROP TABLE person; --', "\\"):
        for path in ("/api/v1/vehicles?province=", "/api/v1/filings?status=", "/api/v1/people?after=~"):
            answer = server.ask("GET", path + word.replace("%", "%25").replace(";", "%3B"), "auditor")
            assert (answer.status_code, answer.json()["items"]) == (200, []), (path, word)
    assert len(server.ask("GET", "/api/v1/people", "auditor").json()["items"]) >= len(ROLES) + 2


def test_a_fault_tells_the_caller_nothing_of_the_inside(server: Site) -> None:
    answer = server.ask("GET", f"/api/v1/people/{'9' * 5000}", "administrator")
    assert answer.status_code in {400, 404, 422}
    assert not re.search(r"Traceback|sqlalchemy|/site-packages|roadworthy/", answer.text)


def test_the_cast_of_a_demo_is_of_no_use_once_it_is_no_demo(server: Site) -> None:
    file = server.installation.settings.home / "demo-people.json"
    file.write_text(json.dumps([["Lin", server.tokens["administrator"]]]))
    answer = server.http.post("/sign-in", data={"person": "Lin"}, headers={"accept": "application/json"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "Lin" not in answer.text


def test_secrets_and_keys_of_a_new_installation_are_for_their_owner_only(server: Site) -> None:
    home: Path = server.installation.settings.home
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "keys").stat().st_mode & 0o077 == 0
    assert all(pem.stat().st_mode & 0o077 == 0 for pem in (home / "keys").glob("*.pem"))
    assert all(b"ENCRYPTED" in pem.read_bytes() for pem in (home / "keys").glob("*.pem"))
