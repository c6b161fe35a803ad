import os
import socket
import struct
import threading
import time

import pytest

from roadworthy.kernel.errors import Broken, Malformed, NotFound, NotPermitted, Refused, SignInNeeded, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.signing import remote
from roadworthy.signing.lease import NotCleared
from roadworthy.signing.remote import LocalServer, SignerAway, call


@pytest.fixture
def place(tmp_path):
    return tmp_path / "run" / "x.sock"


def raw(place, sent: bytes, *, close_after_sending=True) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(place))
        line.sendall(sent)
        if close_after_sending:
            line.shutdown(socket.SHUT_WR)
        answer = b""
        while part := line.recv(4096):
            answer += part
        return answer


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def test_a_request_is_answered(place):
    with LocalServer(place, lambda request: {"got": request}):
        assert call(place, {"a": [1, "二"]}) == {"got": {"a": [1, "二"]}}


def test_the_socket_is_for_its_owner_only_and_goes_away_with_the_server(place):
    with LocalServer(place, lambda request: request):
        assert place.stat().st_mode & 0o777 == 0o600
        assert place.parent.stat().st_mode & 0o777 == 0o700
    assert not place.exists()
    with pytest.raises(SignerAway, match="start it"):
        call(place, {})


def test_a_caller_of_another_user_gets_no_answer(place):
    others = frozenset({os.getuid() + 1})
    with LocalServer(place, lambda request: request, allowed_uids=others), pytest.raises(SignerAway):
        call(place, {})


@pytest.mark.parametrize(
    ("raised", "arrives"),
    [
        (Refused, Refused),
        (NotCleared, Refused),
        (NotPermitted, NotPermitted),
        (Malformed, Malformed),
        (NotFound, NotFound),
        (SignInNeeded, Unusable),
        (Broken, Broken),
    ],
)
def test_an_error_comes_back_in_its_family_with_message_code_and_place(place, raised, arrives):
    def answer(request):
        raise raised("do this next", at="field")

    with LocalServer(place, answer), pytest.raises(arrives, match="do this next") as told:
        call(place, {})
    assert type(told.value) is arrives
    assert (told.value.error_code, told.value.at) == (raised.code, "field")


def test_a_fault_of_the_server_says_nothing_of_its_inside_and_the_next_request_works(place):
    def answer(request):
        if request:
            raise ZeroDivisionError("secret detail")
        return 1

    with LocalServer(place, answer):
        with pytest.raises(Broken, match="its log says why") as told:
            call(place, {"a": 1})
        assert "secret" not in told.value.message
        assert call(place, {}) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a": 1}', b'{"a":1,"a":2}', b"1.5", b"NaN", b"\xff", b"[" * 50_000, b"9" * 5000],
    ids=["empty", "cut", "blank", "doubled", "float", "nan", "no text", "deep", "long number"],
)
def test_a_frame_that_is_not_canonical_json_is_malformed(place, body):
    with LocalServer(place, lambda request: request):
        answer = raw(place, frame(body))
    assert b'"family":"malformed"' in answer


def test_a_frame_that_is_cut_or_too_long_is_malformed_and_never_read_whole(place, monkeypatch):
    monkeypatch.setattr(remote, "LARGEST_FRAME", 1000)
    with LocalServer(place, lambda request: request):
        assert b"over 1000" in raw(place, struct.pack(">I", 1001), close_after_sending=False)
        assert b"middle of a frame" in raw(place, struct.pack(">I", 100) + b"{}")
        assert b"middle of a frame" in raw(place, b"\x00")
        with pytest.raises(Broken, match="fewer receipts"):
            call(place, {"a": "x" * 1000})


def test_a_slow_caller_is_dropped_and_holds_nobody_up(place, monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    with LocalServer(place, lambda request: request), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(place))
        line.sendall(b"\x00")
        assert call(place, {}) == {}
        line.settimeout(5)
        assert line.recv(1) == b""


def test_a_silent_server_is_given_up_after_the_patience(place):
    with LocalServer(place, lambda request: time.sleep(0.5)), pytest.raises(SignerAway):
        call(place, {}, patience=0.1)


def test_requests_are_answered_one_at_a_time(place):
    busy, most = [], []

    def answer(request):
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.01)
        busy.pop()
        return request

    with LocalServer(place, answer):
        threads = [threading.Thread(target=call, args=(place, {"n": n})) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1] * 8


def test_a_path_longer_than_the_kernel_allows_works(tmp_path):
    place = tmp_path.joinpath(*["folder-with-a-long-name"] * 6) / "x.sock"
    with LocalServer(place, lambda request: request):
        assert call(place, {"a": 1}) == {"a": 1}


def test_a_stale_socket_of_a_killed_server_is_taken_over(place):
    place.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    with LocalServer(place, canonical_length):
        assert call(place, {"a": 1}) == 7


def canonical_length(request):
    return len(canonical(request))
