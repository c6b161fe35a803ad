"""Bad input at the JSON API: a problem with a next step (RFC 9457), never a fault of ours, nothing half written."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url, select

from roadworthy import installation
from roadworthy.database.schema import event
from roadworthy.webui.limits import SMALL_BODY
from tests import postgresql
from tests.conftest import LONG
from tests.doors.house import House, running, writes

PROBLEM = "application/problem+json"
JSON_TYPE = {"Content-Type": "application/json"}
EXAMPLES = 3_000 if LONG else 250


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An installation of its own: what is thrown at it here may succeed."""
    with _database(request) as told, running(tmp_path_factory.mktemp("company") / "home", vehicles=3, **told) as house:
        yield house


@contextmanager
def _database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Give the setting that names an empty database of the fixture's kind; SQLite is the default."""
    if request.param == "sqlite":
        yield {}
        return
    server, name = make_url(request.getfixturevalue("postgresql_server")), f"rw_{token_hex(8)}"
    postgresql.execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield {"database_url": server.set(database=name).render_as_string(hide_password=False)}
    finally:
        postgresql.execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def http(company: House) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=company.url, timeout=30) as client:
        yield client


def someone(company: House, name: str) -> dict[str, str]:
    if name == "Administrator":
        return {"Authorization": f"Bearer {company.token}"}
    return {"Authorization": company.company.as_(name)._http.headers["Authorization"]}


def refused(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """Check that an answer is a problem with a next step; give it."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["code"]
    assert len(problem["detail"].split()) >= 4, f"{problem['detail']!r} does not say what to do"
    return problem


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422), (b"{", 400), (b"nul", 400), (b"\xff\xfe", 400), (b"[]", 422), (b'"x"', 422), (b"5", 422),
        (b'{"name": }', 400), (b"[" * 200_000, 400), (b'{"name": NaN, "roles": []}', 422),
    ],
)  # fmt: skip
def test_a_body_that_is_no_such_object(company: House, http, content, status):
    with company.statements() as sent:
        answer = http.post("/api/v1/people", content=content, headers=someone(company, "Administrator") | JSON_TYPE)
    refused(answer, status)
    assert writes(sent) == []


def test_unknown_fields_are_refused_and_named(company: House, http):
    body = {"name": "New", "roles": ["auditor"], "salary": 5}
    answer = http.post("/api/v1/people", json=body, headers=someone(company, "Administrator"))
    assert "salary" in refused(answer, 422)["detail"]


def test_a_body_above_the_limit_is_413_before_it_is_read_whole(company: House, http, monkeypatch):
    small = 100_000
    monkeypatch.setattr("roadworthy.webui.limits.JSON_BODY", small)
    body = json.dumps({"name": "x" * small, "roles": []}).encode()
    for who, limit in (({}, SMALL_BODY), (someone(company, "Administrator"), small)):
        for content in (body, iter([body[:50_000], body[50_000:]])):
            answer = http.post("/api/v1/people", content=content, headers=who | JSON_TYPE)
            assert str(limit) in refused(answer, 413)["detail"]
    assert http.get("/healthz").status_code == 200


def test_wrong_verbs_and_addresses_say_what_is_right(company: House, http):
    headers = someone(company, "Administrator")
    wrong = refused(http.delete("/api/v1/campaigns", headers=headers), 405)
    assert wrong["detail"].startswith("DELETE")
    assert http.delete("/api/v1/campaigns", headers=headers).headers["allow"]
    refused(http.get("/api/v1/nothing", headers=headers), 404)
    refused(http.get("/api/v1/campaigns/", headers=headers), 404)  # and no redirect to what the Host header says


def test_an_id_of_another_kind_is_named(company: House, http):
    release = company.release["id"]
    for path in (f"/api/v1/campaigns/{release}", f"/api/v1/filings/{release}", f"/api/v1/vehicle-types/{release}"):
        assert release in refused(http.get(path, headers=someone(company, "Lin Qiao")), 400)["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "vehicles?province=%00", "vehicles?after=%00", "vehicles/export.csv?province=%00", "campaigns?after=%00",
        "releases?after=%00", "filings?after=%00", "filings?status=%00", "filings?package_sha256=%00",
        "campaigns/{campaign}/vehicles?status=%00", "campaigns/{campaign}/vehicles?vin=%00",
        "campaigns/{campaign}/vehicles?after=99999999999999999999", "campaigns/{campaign}/vehicles?wave=9999999999999",
    ],
)  # fmt: skip
def test_what_no_column_takes_is_the_callers_fault_on_every_database(company: House, http, document, path):
    """PostgreSQL takes no NUL and no number beyond a column, SQLite no number beyond 64 bits."""
    (campaign,) = [one for one in document.ids if one.startswith("CMP")]
    answer = http.get("/api/v1/" + path.format(campaign=campaign), headers=someone(company, "Lin Qiao"))
    assert answer.status_code < 500
    if answer.status_code >= 400:
        refused(answer, 400, 422)


def test_a_text_that_no_column_takes_leaves_nothing_behind(company: House, http, document):
    lin, before = someone(company, "Lin Qiao"), company.event_count()
    target = {"release": company.release["id"], "waves": [100]}
    types = {"vehicle_types": [company.company.types["HY7000C"]], "ecus": [company.company.ecus["HY7000C/IVI"]]}
    for path, body in (
        ("campaigns", {**target, "name": "nul", "filter": {"provinces": ["\x00"]}}),
        ("campaigns", {**target, "name": "x" * 500, "filter": {"sold": True}}),
        ("releases", {**types, "name": "nul", "version": "1", "swin": "\x00" * 5_000}),
    ):
        answer = http.post(f"/api/v1/{path}", json=body, headers=lin)
        if answer.status_code != 201:
            refused(answer, 400, 422)
            with company.database.read() as view:
                kinds = {row.kind for row in view.all(select(event.c.kind).where(event.c.seq > before))}
            assert kinds <= {"action.refused", "release.created", "campaign.created"}


# Every operation of the OpenAPI document

HOSTILE = st.sampled_from(
    ["", " ", "\x00", "\ud800", "../..", "'; DROP TABLE person; --", "REL-", "CMP-01ARZ3NDEKTSV4RRFFQ69G5FAV", "9" * 40,
     "x" * 5_000, "\u202e", "٣", "1e5", "-1", "null", "2026-02-30", "2026-03-01", "LHYC70CC0S0000001", "A" * 17]
)  # fmt: skip
PLAIN = [
    "new", "1.0.1", "adcu-hw3", "IVI", "speed_max", "auditor", "release_engineer", "number", "text", "tuf", "swupdate",
    "2026-03-01", "2026-03-20", "announcement", "miit_activity", "samr_record", "miit_change_permit", "ota", "HY7000C",
    "120", "0.05", "true", "7" * 64,
]  # fmt: skip
KINDS = {
    "release_id": "REL", "campaign_id": "CMP", "filing_id": "FIL", "type_id": "TYP", "ecu_id": "ECU",
    "person_id": "USR", "vehicle_id": "VEH",
}  # fmt: skip
WORDS = {
    "verb": ["submit", "approve", "classify", "withdraw", "start", "pause", "resume", "advance", "stop", "complete"],
    "fact": ["defect_removed", "performance_change.safety"], "role": ["auditor", "administrator"],
    "key": ["speed_max", "ivi.theme"], "what": ["vehicles", "ecus"], "kind": ["csv", "xlsx"], "path": ["tile/0/000"],
}  # fmt: skip
TEXT = HOSTILE | st.text(st.characters(exclude_categories=()), max_size=12)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
MAX_DEPTH = 4


def values(schema: Mapping[str, Any], parts: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a schema mostly allows, and now and then anything."""
    return st.one_of(*[_fitting(schema, parts, depth)] * 9, ANY)


def _fitting(schema: Mapping[str, Any], parts: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _fitting(parts[schema["$ref"].rpartition("/")[2]], parts, depth)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([_fitting(one, parts, depth) for one in choices])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object" and depth < MAX_DEPTH:
        needed = set(schema.get("required", []))
        fields = {k: values(v, parts, depth + 1) for k, v in schema.get("properties", {}).items()}
        return st.fixed_dictionaries(
            {k: v for k, v in fields.items() if k in needed},
            optional={k: v for k, v in fields.items() if k not in needed},
        )
    if kind == "array" and depth < MAX_DEPTH:
        return st.lists(values(schema.get("items", {}), parts, depth + 1), max_size=3)
    numbers = st.integers(-1, 5) | st.integers(-(2**70), 2**70)
    plain = {"string": words(parts), "integer": numbers, "boolean": st.booleans(), "null": st.none()}
    return plain.get(str(kind), ANY)


def words(parts: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Texts: half of them such as belong here, ids among them."""
    return st.sampled_from([*parts["ids"], *PLAIN]) | TEXT


class Document:
    """The operations of the JSON API, and known ids to call them with."""

    def __init__(self, company: House, http: httpx.Client) -> None:
        found = http.get("/api/v1/openapi.json").raise_for_status().json()
        self.parts = found.get("components", {}).get("schemas", {})
        self.operations = sorted(
            (method, path)
            for path, methods in found["paths"].items()
            for method in methods
            if path.startswith(("/api/v1/", "/log/"))
        )
        self._paths = found["paths"]
        people, types = company.company.ids, company.company.types
        campaign = company.ship(next(company.cars))
        filing = http.get("/api/v1/filings", headers=someone(company, "Lin Qiao")).json()["items"][0]["id"]
        self.ids = [company.release["id"], campaign, filing, *people.values(), *types.values()]
        self.ids += [*company.company.ecus.values(), next(company.cars).document["vehicle"]]
        self.parts["ids"] = self.ids

    def calls(self) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
        return st.sampled_from(self.operations).flatmap(self._call)

    def _call(self, operation: tuple[str, str]) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
        method, path = operation
        said = self._paths[path][method]
        parameters = said.get("parameters", [])
        inside = {p["name"]: self._named(p["name"]) for p in parameters if p["in"] == "path"}
        query = {p["name"]: values(p.get("schema", {}), self.parts) for p in parameters if p["in"] == "query"}
        schema = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return st.tuples(
            st.just(method),
            st.fixed_dictionaries(inside).map(lambda given: _address(path, given)),
            st.fixed_dictionaries(
                {"body": values(schema, self.parts)} if schema else {},
                optional={"query": st.fixed_dictionaries({}, optional=query)},
            ),
        )

    def _named(self, name: str) -> st.SearchStrategy[str]:
        """Values of a path parameter: mostly of the right kind."""
        prefix = KINDS.get(name)
        fitting = [one for one in self.ids if prefix and one.startswith(prefix)] or WORDS.get(name, self.ids)
        return st.one_of(*[st.sampled_from(fitting)] * 5, st.sampled_from(self.ids), TEXT)


def _address(path: str, given: Mapping[str, str]) -> str:
    for name, value in given.items():
        quoted = "".join(f"%{byte:02x}" for byte in value.encode("utf-8", "surrogatepass")[:600])
        path = path.replace(f"{{{name}}}", quoted or "-")
    return path


@pytest.fixture(scope="module")
def document(company: House, http) -> Document:
    return Document(company, http)


def test_no_operation_of_the_api_fails_whatever_it_is_given(company: House, http, document):
    people = ["Administrator", *company.company.clients]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(call=document.calls(), who=st.sampled_from(people))
    def fuzz(call: tuple[str, str, dict[str, Any]], who: str) -> None:
        method, path, more = call
        before = company.event_count()
        content = json.dumps(more["body"]).encode() if "body" in more else None
        query = {k: _query(v) for k, v in more.get("query", {}).items()}
        answer = http.request(method, path, params=query, content=content, headers=someone(company, who) | JSON_TYPE)
        assert answer.status_code < 500, f"{method} {path} {more}: {answer.status_code}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == PROBLEM
            with company.database.read() as view:
                kinds = {row.kind for row in view.all(select(event.c.kind).where(event.c.seq > before))}
            assert kinds <= {"action.refused"}, f"{method} {path} {more}: {answer.status_code}, but {kinds}"

    fuzz()
    company.tick()
    report = installation.check_records(company.opened.settings)
    assert report.clean, report.differences[:3]


def _query(value: Any) -> Any:
    """Give what a query string can carry."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()[:2_000]
