"""The DDI contract against a real server: base, deployments, cancellation, what is installed, attributes, callers."""

import re
import socket

import pytest

from roadworthy.fleet import store
from tests.doors.house import DDI, House, writes


def test_a_poll_names_the_deployment_only_after_its_assignment_is_in_the_log(house: House, car):
    assert set(car.links()) == {"configData"}
    house.ship(car)
    assert set(car.links()) == {"configData"}
    house.tick()
    assert set(car.links()) == {"configData", "deploymentBase"}


def test_the_sleeping_time_is_written_hours_minutes_seconds(car):
    answer = car.get()
    assert answer.json()["config"] == {"polling": {"sleep": "00:00:01"}}
    assert answer.headers["content-type"] == "application/hal+json"


def test_an_unchanged_base_document_is_304_and_changes_its_etag_when_something_is_offered(house: House, car):
    etag = car.get().headers["etag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = car.get(headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    house.ship(car)
    car.links()
    house.tick()
    changed = car.get(headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_the_deployment_has_one_artifact_with_three_hashes_and_both_rels(house: House, offered):
    car, number = offered
    document = car.get(f"deploymentBase/{number}?c=-5").json()
    package = house.release["package"]
    assert document["id"] == str(number)
    assert {k: v for k, v in document["deployment"].items() if k != "chunks"} == {
        "download": "forced",
        "update": "forced",
    }
    (chunk,) = document["deployment"]["chunks"]
    assert (chunk["part"], chunk["name"], chunk["version"]) == ("os", "ivi-suite", "5.2.0")
    (artifact,) = chunk["artifacts"]
    assert artifact["hashes"] == {name: package[name] for name in ("sha1", "md5", "sha256")}
    assert artifact["size"] == package["length"]
    address = f"{house.url}{car.base}/softwaremodules/{number}/artifacts/ivi-suite.img"
    assert artifact["_links"] == {
        "download": {"href": address},
        "download-http": {"href": address},
        "md5sum": {"href": f"{address}.MD5SUM"},
        "md5sum-http": {"href": f"{address}.MD5SUM"},
    }


def test_fetching_the_deployment_is_noted_once(house: House, offered):
    car, number = offered
    assert house.status(number) == "offered"
    car.get(f"deploymentBase/{number}").raise_for_status()
    assert house.status(number) == "retrieved"
    with house.statements() as sent:
        car.get(f"deploymentBase/{number}").raise_for_status()
    assert writes(sent) == []


def test_the_cache_breaker_stays_when_only_the_lease_is_renewed(house: House, offered):
    car, _ = offered
    before = car.links()["deploymentBase"]
    assert re.fullmatch(r".*\?c=-?\d{1,10}", before)
    house.time.ahead += house.time.ahead.__class__(hours=13)
    house.worker._renewed = None
    house.tick()
    assert "deploymentBase" not in car.links()  # assigned anew under the new decision, which the log has not yet
    house.tick()
    assert car.links()["deploymentBase"] == before


def test_the_history_of_an_action_gives_its_own_words_newest_first(offered):
    car, number = offered
    car.tell(number, "proceeding", details=["one", "two"]).raise_for_status()
    car.tell(number, "proceeding", details="three").raise_for_status()
    path = f"deploymentBase/{number}?actionHistory="
    assert "actionHistory" not in car.get(f"{path}0").json()
    assert car.get(f"{path}-1").json()["actionHistory"] == {"status": "RUNNING", "messages": ["three", "two", "one"]}
    assert car.get(f"{path}2").json()["actionHistory"]["messages"] == ["three", "two"]
    for unreadable in ("x", "", "1.5", "9" * 30):
        assert car.get(path + unreadable).status_code == 400


def test_after_a_reported_success_the_base_shows_what_is_installed_and_asks_for_attributes_again(house: House, offered):
    car, number = offered
    car.send("PUT", "configData", json={"data": {"hw": "1"}}).raise_for_status()
    assert set(car.links()) == {"deploymentBase"}
    car.tell(number, "closed", "success").raise_for_status()
    assert house.status(number) == "reported"
    assert set(car.links()) == {"installedBase", "configData"}
    car.send("PUT", "configData", json={"data": {"hw": "1"}}).raise_for_status()
    assert set(car.links()) == {"installedBase"}


def test_what_is_installed_is_shown_without_links_and_its_bytes_are_not_given_again(offered):
    car, number = offered
    assert car.get(f"installedBase/{number}").status_code == 404
    car.tell(number, "closed", "success").raise_for_status()
    for path in ("installedBase", "deploymentBase"):
        (chunk,) = car.get(f"{path}/{number}").json()["deployment"]["chunks"]
        assert chunk["artifacts"][0]["_links"] == {}
    (listed,) = car.get(f"softwaremodules/{number}/artifacts").json()
    assert (listed["filename"], listed["_links"]) == ("ivi-suite.img", {})
    assert car.get(f"softwaremodules/{number}/artifacts/ivi-suite.img").status_code == 404


def test_after_a_failure_nothing_is_offered_and_attributes_are_not_asked_for(house: House, offered):
    car, number = offered
    car.send("PUT", "configData", json={"data": {}}).raise_for_status()
    car.tell(number, "closed", "failure", details=["out of space"]).raise_for_status()
    assert house.status(number) == "failed"
    assert car.links() == {}
    assert car.get(f"deploymentBase/{number}").status_code == 404
    assert car.get(f"installedBase/{number}").status_code == 404


def test_a_car_that_only_reports_gets_the_next_campaign_all_the_same(house: House, offered):
    car, number = offered
    car.tell(number, "closed", "success").raise_for_status()
    house.ship(car)
    car.links()
    house.tick()
    assert car.action() > number


# Cancellation


@pytest.fixture
def cancelling(house: House, car):
    """A car that began and is told to stop; its action."""
    campaign = house.ship(car)
    car.links()
    house.tick()
    number = car.action()
    car.get(f"deploymentBase/{number}").raise_for_status()
    house.manage(campaign, "stop")
    car.links()  # an open action is cancelled when its vehicle calls
    return car, number


def test_a_stopped_campaign_turns_the_deployment_into_an_order_to_cancel(house: House, cancelling):
    car, number = cancelling
    assert set(car.links()) == {"cancelAction", "configData"}
    assert car.links()["cancelAction"] == f"{house.url}{car.base}/cancelAction/{number}"
    assert car.get(f"cancelAction/{number}").json() == {"id": str(number), "cancelAction": {"stopId": str(number)}}
    assert car.get(f"deploymentBase/{number}").status_code == 404
    assert car.get(f"softwaremodules/{number}/artifacts/ivi-suite.img").status_code == 404


@pytest.mark.parametrize(
    ("execution", "finished", "state"),
    [
        ("closed", "success", "cancelled"),
        ("closed", "none", "cancelled"),
        ("closed", "failure", "installing"),
        ("rejected", "none", "installing"),
        ("canceled", "success", "cancelling"),
        ("proceeding", "none", "cancelling"),
        ("scheduled", "none", "cancelling"),
        ("resumed", "none", "cancelling"),
        ("download", "none", "cancelling"),
        ("downloaded", "none", "cancelling"),
    ],
)
def test_feedback_on_a_cancellation(house: House, cancelling, execution, finished, state):
    car, number = cancelling
    assert car.tell(number, execution, finished, "cancelAction").status_code == 200
    assert house.status(number) == state
    again = car.tell(number, execution, finished, "cancelAction")
    assert again.status_code == (200 if state == "cancelling" else 405)


def test_a_car_may_finish_although_it_was_told_to_cancel(house: House, cancelling):
    car, number = cancelling
    assert car.tell(number, "proceeding").status_code == 200
    assert house.status(number) == "cancelling"
    assert car.tell(number, "closed", "success").status_code == 200
    assert house.status(number) == "reported"
    assert "cancelAction" not in car.links()


def test_cancel_feedback_without_an_order_to_cancel_is_405(house: House, offered):
    car, number = offered
    refused = car.tell(number, "closed", "success", "cancelAction")
    assert refused.status_code == 405
    assert refused.json()["errorCode"] == "hawkbit.server.error.action.notCancelable"
    assert house.status(number) == "offered"
    assert car.get(f"cancelAction/{number}").status_code == 404


def test_a_paused_campaign_hides_the_deployment_and_asks_for_no_cancellation(house: House, car):
    campaign = house.ship(car)
    car.links()
    house.tick()
    number = car.action()
    house.manage(campaign, "pause")
    assert set(car.links()) == {"configData"}
    assert car.get(f"deploymentBase/{number}").status_code == 404
    assert car.get(f"softwaremodules/{number}/artifacts").status_code == 404
    assert car.get(f"softwaremodules/{number}/artifacts/ivi-suite.img").status_code == 404
    assert car.tell(number, "proceeding").status_code == 200  # it may still tell


def test_a_completed_campaign_keeps_no_car_from_the_next(house: House, car):
    campaign = house.ship(car)
    car.links()
    house.tick()
    number = car.action()
    house.manage(campaign, "complete")
    assert house.status(number) == "offered"  # it waits, and stands in nobody's way
    house.ship(car)
    car.links()
    house.tick()
    assert car.action() > number


# Attributes


def test_attributes_are_merged_replaced_and_removed(house: House, car):
    def told() -> dict[str, str]:

        with house.database.read() as view:
            known = store.load_attributes(view, car.document["vehicle"])
            assert known is not None
            return known[0]

    def put(**body):
        assert car.send("PUT", "configData", json=body).status_code == 200

    put(data={"a": "1", "b": 2, "c": True, "d": 1.5}, id="", time="x", status={"result": {"finished": "success"}})
    assert told() == {"a": "1", "b": "2", "c": "true", "d": "1.5"}
    put(data={"a": None, "e": "5"}, mode=None)
    assert told() == {"b": "2", "c": "true", "d": "1.5", "e": "5"}
    put(data={"b": "any", "unknown": ""}, mode="remove")
    assert told() == {"c": "true", "d": "1.5", "e": "5"}
    put(data={"x": "\x00\ud800"}, mode="replace")
    assert told() == {"x": "\x00\ud800"}
    with house.statements() as sent:
        put(data={"x": "\x00\ud800"})
    assert writes(sent) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "rest.body.notReadable"),
        ([], 400, "rest.body.notReadable"),
        ({"data": []}, 400, "rest.body.notReadable"),
        ({"data": {}, "mode": "add"}, 400, "rest.body.notReadable"),
        ({"data": {}, "mode": ["merge"]}, 400, "rest.body.notReadable"),
        ({"data": {"": "1"}}, 400, "repo.invalidTargetAttributes"),
        ({"data": {"k" * 129: "1"}}, 400, "repo.invalidTargetAttributes"),
        ({"data": {"k": "v" * 129}}, 400, "repo.invalidTargetAttributes"),
        ({"data": {"k": {"deep": 1}}}, 400, "repo.invalidTargetAttributes"),
        ({"data": {f"k{n}": "v" for n in range(101)}}, 429, "quota.tooManyEntries"),
    ],
)
def test_unusable_attributes_are_refused_and_nothing_is_kept(house: House, car, body, status, code):
    with house.statements() as sent:
        answer = car.send("PUT", "configData", json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, f"hawkbit.server.error.{code}")
    assert writes(sent) == []
    assert "configData" in car.links()


# Callers and addresses


def test_a_caller_without_the_token_of_just_this_car_gets_401_and_no_word_more(house: House, car):
    other = next(house.cars)
    for headers in (
        {},
        {"Authorization": "TargetToken"},
        {"Authorization": "TargetToken wrong"},
        {"Authorization": f"TargetToken {'rw_' + 'A' * 43}"},
        {"Authorization": f"GatewayToken {car.document['token']}"},
        {"Authorization": f"Bearer {house.token}"},
        other.token,
    ):
        for method, path in (("GET", car.base), ("PUT", f"{car.base}/configData")):
            answer = car.http.request(method, path, headers=headers, json={"data": {}} if method == "PUT" else None)
            assert (answer.status_code, answer.content) == (401, b"")
    assert car.http.get(f"{DDI}/nobody", headers=car.token).status_code == 401


def test_a_controller_id_over_256_characters_is_400(car):
    answer = car.http.get(f"{DDI}/{'v' * 257}", headers=car.token)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "hawkbit.server.error.rest.body.notReadable"


def test_an_action_of_another_car_is_unknown(house: House, offered):
    _, number = offered
    other = next(house.cars)
    assert other.get(f"deploymentBase/{number}").status_code == 404
    assert other.get(f"installedBase/{number}").status_code == 404
    assert other.get(f"softwaremodules/{number}/artifacts/ivi-suite.img").status_code == 404
    assert other.tell(number, "closed", "success").status_code == 404
    assert other.tell(number, "closed", "success", "cancelAction").status_code == 404
    assert house.status(number) == "offered"


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("0", 404), ("2147483647", 404), ("2147483648", 404), ("9223372036854775808", 404), ("9" * 60, 404),
        ("-1", 400), ("1.0", 400), ("1_0", 400), ("abc", 400), ("%20", 400), ("١", 400), ("1%00", 400),
    ],
)  # fmt: skip
def test_ids_that_are_no_action_are_404_and_ids_that_are_no_number_400(house: House, offered, number, status):
    car, _ = offered
    with house.statements() as sent:
        answers = [
            car.get(f"deploymentBase/{number}"),
            car.get(f"installedBase/{number}"),
            car.get(f"cancelAction/{number}"),
            car.get(f"softwaremodules/{number}/artifacts"),
            car.get(f"softwaremodules/{number}/artifacts/ivi-suite.img"),
            car.tell(number, "closed", "success"),
            car.tell(number, "closed", "success", "cancelAction"),
        ]
    assert {a.status_code for a in answers} == {status}
    assert {a.json()["exceptionClass"] for a in answers} == {"org.eclipse.hawkbit.exception.AbstractServerRtException"}
    assert writes(sent) == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "", "GET"),
        ("DELETE", "deploymentBase/1", "GET"),
        ("PUT", "deploymentBase/1/feedback", "POST"),
        ("GET", "configData", "PUT"),
        ("POST", "softwaremodules/1/artifacts/x.img", "GET, HEAD"),
    ],
)
def test_wrong_verbs_are_405_and_name_the_right_one(car, method, path, allowed):
    answer = car.send(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert allowed in answer.json()["message"]


def test_no_tenant_or_no_controller_is_404(car):
    for path in ("/controller/v1/x", f"{DDI}", f"/OTHER/controller/v1/{car.vin}"):
        assert car.http.get(path, headers=car.token).status_code == 404


def test_documents_come_as_the_accept_header_asks_or_406(offered):
    car, number = offered
    for path in ("", f"deploymentBase/{number}", f"softwaremodules/{number}/artifacts"):
        for accept, given in (
            ("*/*", "application/hal+json"),
            ("application/json", "application/json"),
            ("application/hal+json, application/json", "application/hal+json"),
            ("text/html, application/*;q=0.5", "application/hal+json"),
        ):
            assert car.get(path, headers={"Accept": accept}).headers["content-type"] == given
        assert car.get(path, headers={"Accept": "application/cbor"}).status_code == 406


def test_a_put_that_expects_100_continue_is_answered_in_two_steps(house: House, car):
    """SWUpdate waits for the interim answer before it sends the body."""
    host, _, port = house.url.removeprefix("http://").partition(":")
    body = b'{"data":{"hw":"1.0"}}'
    head = (
        f"PUT {car.base}/configData HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Authorization: TargetToken {car.document['token']}\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(head.encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 100")
        line.sendall(body)
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
