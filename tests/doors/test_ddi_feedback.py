"""DDI feedback: what each word of a vehicle does to its action, and what no word may do."""

import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.contact import MAX_REPORTS
from roadworthy.device import documents
from tests.doors.house import House, writes

GATE = "hawkbit.server.error."


@pytest.mark.parametrize(
    ("execution", "finished", "state"),
    [
        ("closed", "success", "reported"),
        ("closed", "none", "reported"),
        ("closed", "failure", "failed"),
        ("canceled", "success", "cancelled"),
        ("canceled", "failure", "cancelled"),
        ("canceled", "none", "cancelled"),
        ("rejected", "none", "offered"),
        ("rejected", "failure", "offered"),
        ("download", "none", "downloading"),
        ("downloaded", "success", "downloading"),
        ("proceeding", "none", "installing"),
        ("proceeding", "failure", "installing"),
        ("resumed", "none", "installing"),
        ("scheduled", "none", "offered"),
    ],
)
def test_what_a_feedback_does(house: House, offered, execution, finished, state):
    car, number = offered
    assert car.tell(number, execution, finished).status_code == 200
    assert house.status(number) == state
    again = car.tell(number, execution, finished)
    assert again.status_code == (410 if state in {"failed", "cancelled"} else 200)
    assert house.status(number) == state


def test_words_out_of_order_are_kept_and_take_nothing_back(house: House, offered):
    car, number = offered
    for execution in ("proceeding", "download", "downloaded", "scheduled", "rejected", "resumed"):
        assert car.tell(number, execution).status_code == 200
    assert house.status(number) == "installing"
    car.tell(number, "closed", "success").raise_for_status()
    assert car.tell(number, "proceeding").status_code == 200
    assert house.status(number) == "reported"
    with house.database.read() as view:
        assert store.report_count(view, number) == 8


def test_a_report_alone_never_attests(house: House, offered):
    car, number = offered
    for _ in range(3):
        car.tell(number, "closed", "success", details=["Update Installed."]).raise_for_status()
    assert house.status(number) == "reported"


def test_after_the_end_feedback_is_410_and_writes_nothing(house: House, offered):
    car, number = offered
    car.tell(number, "closed", "failure").raise_for_status()
    with house.statements() as sent:
        answer = car.tell(number, "closed", "success")
    assert (answer.status_code, answer.content) == (410, b"")
    assert writes(sent) == []


@pytest.mark.parametrize(
    "body",
    [
        None, [], "text", 5, {}, {"status": None}, {"status": []},
        {"status": {"execution": "closed"}},
        {"status": {"execution": "closed", "result": None}},
        {"status": {"execution": "closed", "result": {}}},
        {"status": {"execution": "closed", "result": {"finished": None}}},
        {"status": {"execution": "closed", "result": {"finished": "maybe"}}},
        {"status": {"execution": "done", "result": {"finished": "success"}}},
        {"status": {"execution": ["closed"], "result": {"finished": "success"}}},
        {"status": {"result": {"finished": "success"}}},
        {"status": {"execution": "closed", "result": {"finished": "success"}, "code": "5"}},
        {"status": {"execution": "closed", "result": {"finished": "success"}, "code": 2**31}},
        {"status": {"execution": "closed", "result": {"finished": "success"}, "code": True}},
        {"status": {"execution": "closed", "result": {"finished": "success"}, "details": [{}]}},
        {"status": {"execution": "closed", "result": {"finished": "success"}, "details": [None]}},
    ],
)  # fmt: skip
def test_a_feedback_without_its_parts_is_400_with_hawkbits_body_and_moves_nothing(house: House, offered, body):
    car, number = offered
    with house.statements() as sent:
        answer = car.send("POST", f"deploymentBase/{number}/feedback", json=body)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == f"{GATE}rest.body.notReadable"
    assert set(answer.json()) == {"exceptionClass", "errorCode", "message"}
    assert writes(sent) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\xfa", b'{"status": NaN}', b"[" * 5_000, b'{"a":' * 200 + b"1" + b"}" * 200]
)
def test_what_is_no_json_or_nested_too_deep_is_400(offered, content):
    car, number = offered
    headers = {"Content-Type": "application/json"}
    assert car.send("POST", f"deploymentBase/{number}/feedback", content=content, headers=headers).status_code == 400


def test_only_json_is_read_and_up_to_256_kib(house: House, offered):
    car, number = offered
    path = f"deploymentBase/{number}/feedback"
    good = json.dumps({"status": {"execution": "proceeding", "result": {"finished": "none"}}}).encode()
    for media_type in ("application/hal+json", "application/cbor", "text/plain", "application/x-www-form-urlencoded"):
        answer = car.send("POST", path, content=good, headers={"Content-Type": media_type})
        assert answer.status_code == 415
    large = good[:-1] + b" " * (256 * 1024) + b"}"
    json_type = {"Content-Type": "application/json;charset=UTF-8"}
    with house.statements() as sent:
        assert car.send("POST", path, content=large, headers=json_type).status_code == 413
        assert car.send("POST", path, content=iter([large]), headers=json_type).status_code == 413  # no length told
    assert writes(sent) == []
    assert car.send("POST", path, content=good, headers=json_type).status_code == 200
    assert car.send("POST", path, content=good).status_code == 200  # no type told
    assert house.status(number) == "installing"


def test_unknown_fields_and_the_id_in_the_body_are_ignored(house: House, offered):
    car, number = offered
    body = {
        "id": "77", "time": "20261122T062236", "more": {"x": [1]},
        "status": {"execution": "proceeding", "new": 1,
                   "result": {"finished": "none", "progress": {"cnt": 0, "of": 1}, "new": []}},
    }  # fmt: skip
    assert car.send("POST", f"deploymentBase/{number}/feedback", json=body).status_code == 200
    assert house.status(number) == "installing"


def test_a_single_detail_counts_as_a_list_and_long_ones_are_cut_with_a_mark(house: House, offered):
    car, number = offered
    for details in ("one", ["x" * 512, "y" * 513], [5, True, ""], None, []):
        car.tell(number, "proceeding", details=details, code=-3).raise_for_status()
    with house.database.read() as view:
        lines = store.newest_details(view, number, 100)
    assert lines == ["", "true", "5", "y" * 501 + " [cut here]", "x" * 512, "one"]


def test_a_long_reason_of_a_failure_is_cut_with_a_mark_on_the_action(house: House, offered):
    car, number = offered
    car.tell(number, "closed", "failure", details=["z" * 300, "\x00\ud800\n" * 50]).raise_for_status()
    with house.database.read() as view:
        detail = store.action_by_number(view, car.document["vehicle"], number).detail
    assert len(detail) <= 400
    assert detail.endswith(" [cut here]")
    assert detail.isprintable()


def test_51_details_are_429_and_kept_by_nobody(house: House, offered):
    car, number = offered
    assert car.tell(number, "proceeding", details=["x"] * 50).status_code == 200
    refused = car.tell(number, "closed", "success", details=["x"] * 51)
    assert (refused.status_code, refused.json()["errorCode"]) == (429, f"{GATE}quota.tooManyEntries")
    assert int(refused.headers["retry-after"]) >= 1
    assert house.status(number) == "installing"


def test_beyond_1000_reports_only_one_that_ends_the_action_is_taken(house: House, offered, monkeypatch):
    assert MAX_REPORTS == 1_000
    monkeypatch.setattr(sys.modules["roadworthy.campaigns.actions.contact"], "MAX_REPORTS", 3)
    car, number = offered
    for _ in range(3):
        assert car.tell(number, "proceeding").status_code == 200
    with house.statements() as sent:
        refused = car.tell(number, "proceeding")
    assert (refused.status_code, refused.json()["errorCode"]) == (429, f"{GATE}quota.tooManyEntries")
    assert "retry-after" in refused.headers
    assert writes(sent) == []
    assert car.tell(number, "closed", "success").status_code == 200
    assert car.tell(number, "closed", "success").status_code == 429
    assert house.status(number) == "reported"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(["closed", "proceeding", "canceled", "rejected", "download", "done", ""])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=JSON
    | st.fixed_dictionaries(
        {"status": st.fixed_dictionaries({}, optional={"execution": WORDS | JSON, "result": JSON, "details": JSON})}
    ),
    kind=st.sampled_from(["deploymentBase", "cancelAction"]),
)
def test_no_body_makes_the_server_fail_or_half_believe(house: House, paused_car, body, kind):
    car, number = paused_car
    before = house.event_count()
    answer = car.send("POST", f"{kind}/{number}/feedback", content=json.dumps(body), headers=JSON_TYPE)
    assert answer.status_code in {200, 400, 405, 410, 429}
    if answer.status_code != 200:
        assert house.event_count() == before


JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def paused_car(house: House):
    return house.shipped()


@given(st.sampled_from(["closed", "canceled", "rejected", "download", "downloaded", "proceeding"]), st.booleans())
def test_a_document_that_said_skip_lets_no_success_count(execution, cancelling):
    """SWUpdate answers `update: skip` with closed, success, "Skipped Update."."""
    verb = rules.verb_of_feedback(execution, "success", cancelling=cancelling, skip_issued=True)
    assert verb != "report"


def test_skip_is_never_issued(offered):
    car, number = offered
    document = car.get(f"deploymentBase/{number}").json()["deployment"]
    assert {document["download"], document["update"]} == {documents.MODE} == {"forced"}
