"""The HTTP courier: one submission for one call, and doubt wherever an answer does not say everything."""

import json
from datetime import timedelta

import httpx
import pytest

from roadworthy.couriers.http import HttpCourier
from roadworthy.couriers.interface import Failed, Sent, Told, Unsure
from roadworthy.couriers.packet import bundled
from roadworthy.couriers.told import ToldUnusable
from roadworthy.kernel.time import SetTime
from tests.conftest import START
from tests.couriers.world import packet

URL = "https://authority.example/submissions"


def courier(handle, **more) -> HttpCourier:
    return HttpCourier(URL, SetTime(START), transport=httpx.MockTransport(handle), **more)


def answering(status: int, body: object = None, **headers: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, content=content, headers=headers)


def raising(error: Exception):
    def handle(_request):
        raise error

    return handle


def good(made, receipt: object = "R-1") -> dict[str, object]:
    with bundled(made) as bundle:
        return {"key": made.id, "sha256": bundle.sha256, "receipt": receipt}


def test_the_packet_goes_out_once_under_its_key_with_its_bytes(shelf):
    made, seen = packet(shelf), []

    def handle(request):
        seen.append((request.method, request.headers["idempotency-key"], request.read()))
        assert request.headers["authorization"] == "Bearer t0ken"
        assert request.headers["content-length"] == str(len(request.content))
        return httpx.Response(201, json=good(made))

    sent = courier(handle, token="t0ken").send(made, 1)
    assert isinstance(sent, Sent)
    assert sent.evidence.receipt == "R-1"
    assert "R-1" in sent.evidence.answer_begins
    with bundled(made) as bundle:
        assert seen == [("POST", made.id, bundle.file.read())]
        assert sent.evidence.sent_sha256 == bundle.sha256
    assert "t0ken" not in json.dumps(sent.evidence.to_json())


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x")])
def test_without_a_connection_nothing_was_sent(shelf, error):
    failed = courier(raising(error)).send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert failed.again


@pytest.mark.parametrize(
    "error",
    [httpx.ReadTimeout("x"), httpx.WriteTimeout("x"), httpx.RemoteProtocolError("x"), httpx.ReadError("x"),
     httpx.WriteError("x"), httpx.DecodingError("x")],
)  # fmt: skip
def test_whatever_breaks_later_is_unknown_and_nothing_is_tried_again(shelf, error):
    calls = []

    def handle(request):
        calls.append(request.method)
        raise error

    unsure = courier(handle).send(packet(shelf), 1)
    assert isinstance(unsure, Unsure)
    assert "check with the authority" in unsure.reason.en
    assert calls == ["POST"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422])
def test_a_refusal_is_told_in_the_words_of_the_authority(shelf, status):
    failed = courier(answering(status, {"detail": "item 3 is missing"})).send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert not failed.again
    assert "item 3 is missing" in failed.reason.en


@pytest.mark.parametrize("status", [202, 204, 409, 500, 502, 503, 504])
def test_a_status_that_proves_nothing_is_unknown(shelf, status):
    assert isinstance(courier(answering(status, {})).send(packet(shelf), 1), Unsure)


def test_a_busy_authority_is_tried_later_and_a_redirect_is_not_followed(shelf):
    busy = courier(answering(429, {})).send(packet(shelf), 1)
    assert isinstance(busy, Failed)
    assert busy.again
    moved = courier(answering(307, {}, location="https://other.example/")).send(packet(shelf), 1)
    assert isinstance(moved, Failed)
    assert not moved.again


def test_an_answer_about_another_packet_or_other_bytes_proves_nothing(shelf):
    made = packet(shelf)
    wrong = [b"", b"<html>ok</html>", [], {}, {**good(made), "key": "PKT-OTHER"}, {**good(made), "sha256": "0" * 64}]
    for body in wrong:
        assert isinstance(courier(answering(201, body)).send(made, 1), Unsure), body
        assert isinstance(courier(answering(200, body)).ask(made), Unsure), body


@pytest.mark.parametrize("receipt", [None, 4711, "a\nb", ["R-1"]])
def test_a_strange_receipt_number_is_left_out_but_the_packet_is_there(shelf, receipt):
    made = packet(shelf)
    sent = courier(answering(201, good(made, receipt))).send(made, 1)
    assert isinstance(sent, Sent)
    assert sent.evidence.receipt == ""


def test_asking_says_there_not_there_or_unknown(shelf):
    made = packet(shelf)
    assert isinstance(courier(answering(200, good(made))).ask(made), Sent)
    assert isinstance(courier(answering(404, {"key": made.id, "known": False})).ask(made), Failed)
    # A 404 of some proxy on the way is no word of the authority.
    for handle in (
        answering(404, b"nginx"),
        answering(404, {"known": False}),
        answering(500),
        raising(httpx.ReadError("x")),
    ):
        assert isinstance(courier(handle).ask(made), Unsure)


def test_an_endless_answer_is_cut(shelf):
    made = packet(shelf)
    unsure = courier(answering(200, b"x" * (3 << 20))).send(made, 1)
    assert isinstance(unsure, Unsure)
    assert len(unsure.evidence.answer_begins) == 2000


def test_a_person_who_checked_says_how(shelf):
    here, made = courier(answering(200)), packet(shelf)
    told = Told(START + timedelta(hours=1), note="telephone, extension 12")
    assert here.confirm(made, told).note == "telephone, extension 12"
    with pytest.raises(ToldUnusable):
        here.confirm(made, Told(START))
