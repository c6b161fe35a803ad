"""Bytes of packages over DDI: HEAD, ranges, conditions, and no write however many ranges are asked."""

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.device.ranges import NotSatisfiable, wanted_ranges
from tests.doors.house import Car, House, writes


class Shelf:
    """One artifact of one car, and what it should be."""

    def __init__(self, house: House, car: Car, number: int) -> None:
        self.car, self.path = car, f"softwaremodules/{number}/artifacts/ivi-suite.img"
        self.bytes = (house.home / "ivi-suite.img").read_bytes()
        self.package = house.release["package"]
        self.etag = f'"{self.package["sha1"]}"'

    def get(self, wanted: str = "", method: str = "GET", **headers: str):
        if wanted:
            headers["Range"] = wanted
        return self.car.send(method, self.path, headers=headers)


@pytest.fixture(scope="module")
def shelf(house: House) -> Shelf:
    return Shelf(house, *house.shipped())


def test_the_whole_file_comes_with_its_headers(shelf):
    answer = shelf.get()
    assert answer.status_code == 200
    assert answer.content == shelf.bytes
    told = {name: answer.headers[name] for name in ("content-type", "content-disposition", "etag", "accept-ranges")}
    assert told == {
        "content-type": "application/octet-stream",
        "content-disposition": 'attachment; filename="ivi-suite.img"',
        "etag": shelf.etag,
        "accept-ranges": "bytes",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-length"] == str(len(shelf.bytes))
    assert answer.headers["last-modified"].endswith(" GMT")


def test_head_gives_the_headers_of_get_without_a_byte_even_with_a_range(shelf):
    whole = shelf.get()
    for headers in ({}, {"Range": "bytes=0-9"}):
        answer = shelf.car.send("HEAD", shelf.path, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        ours = {"date", "server"}
        assert {k: v for k, v in answer.headers.items() if k not in ours} == {
            k: v for k, v in whole.headers.items() if k not in ours
        }


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=99990-", 99_990, 100_000),
        ("bytes=99990-500000", 99_990, 100_000),
        ("bytes=-7", 99_993, 100_000),
        ("bytes=-500000", 0, 100_000),
        ("BYTES = 5-6", 5, 7),
    ],
)
def test_a_single_range(shelf, wanted, start, stop):
    answer = shelf.get(wanted)
    assert answer.status_code == 206
    assert answer.content == shelf.bytes[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/100000"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.headers["etag"] == shelf.etag


def test_several_ranges_come_as_parts_in_the_order_asked(shelf):
    answer = shelf.get("bytes=50000-50009, 0-4,-3")
    assert answer.status_code == 206
    assert int(answer.headers["content-length"]) == len(answer.content)
    message = message_from_bytes(b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n" + answer.content)
    parts = message.get_payload()
    assert [part["Content-Range"] for part in parts] == [
        "bytes 50000-50009/100000", "bytes 0-4/100000", "bytes 99997-99999/100000",
    ]  # fmt: skip
    assert {part["Content-Type"] for part in parts} == {"application/octet-stream"}
    boundary = answer.headers["content-type"].partition("boundary=")[2].encode()
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answer.content.split(b"\r\n--" + boundary)[1:-1]]
    assert bodies == [shelf.bytes[50_000:50_010], shelf.bytes[:5], shelf.bytes[-3:]]


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=100000-", "bytes=100000-100001", "bytes=9-5", "bytes=-0", "bytes=-", "bytes=", "bytes=a-b", "bytes=1",
        "bytes=0-5,3-9", "bytes=0-5,200000-", "bytes=0-1,", "bytes=+1-2", "bytes=1_0-20",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2)), "bytes=" + "9" * 30 + "-",
    ],
)  # fmt: skip
def test_ranges_that_cannot_be_served_are_416_and_tell_the_length(shelf, wanted):
    answer = shelf.get(wanted)
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */100000"


def test_another_unit_is_ignored(shelf):
    assert shelf.get("pages=1-2").status_code == 200


def test_if_match_and_if_range_compare_with_the_sha1(shelf):
    for fitting in (shelf.etag, "*", f'"other", {shelf.etag}'):
        assert shelf.get(**{"If-Match": fitting}).status_code == 200
    for other in ('"other"', f"W/{shelf.etag}", shelf.package["sha1"], ""):
        assert shelf.get(**{"If-Match": other}).status_code == 412
    assert shelf.get("bytes=0-1", **{"If-Range": shelf.etag}).status_code == 206
    modified = shelf.get(method="HEAD").headers["last-modified"]
    assert shelf.get("bytes=0-1", **{"If-Range": modified}).status_code == 206
    for stale in ('"other"', f"W/{shelf.etag}", "Mon, 01 Jan 2001 00:00:00 GMT"):
        assert shelf.get("bytes=0-1", **{"If-Range": stale}).content == shelf.bytes


def test_the_md5sum_file_has_two_blanks(shelf):
    answer = shelf.car.get(shelf.path + ".MD5SUM")
    assert answer.text == f"{shelf.package['md5']}  ivi-suite.img"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == 'attachment; filename="ivi-suite.img.MD5SUM"'


def test_a_name_that_is_not_the_artifacts_is_404(shelf):
    folder = shelf.path.rpartition("/")[0]
    for name in ("other.img", "ivi-suite.img.SHA", "..%2fivi-suite.img", "%00", "ivi-suite.img%2f"):
        assert shelf.car.get(f"{folder}/{name}").status_code == 404


def test_downloads_ranges_and_heads_write_nothing(house: House, shelf):
    with house.statements() as sent:
        shelf.get()
        shelf.get(method="HEAD")
        shelf.car.get(shelf.path + ".MD5SUM")
        for n in range(50):
            shelf.get(f"bytes={n * 1000}-{n * 1000 + 999}")
    assert writes(sent) == []


def test_bytes_that_are_lost_or_shortened_on_the_server_are_410_and_an_alarm(house: House, shelf, caplog):
    stored = house.opened.artifacts.path(shelf.package["sha256"])
    aside = stored.with_suffix(".aside")
    stored.rename(aside)
    try:
        assert shelf.get().status_code == 410
        stored.write_bytes(shelf.bytes[:-1])
        answer = shelf.get()
        assert answer.json()["errorCode"] == "hawkbit.server.error.artifact.binaryDeleted"
    finally:
        aside.rename(stored)
    assert shelf.get().content == shelf.bytes
    assert [record.levelname for record in caplog.records if shelf.package["sha256"] in record.message] == [
        "ERROR",
        "ERROR",
    ]


SPEC = st.text("0123456789-, =bytes", max_size=24) | st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda pair: f"{pair[0]}-{pair[1]}"
)


@given(st.lists(SPEC, min_size=1, max_size=4).map(lambda specs: "bytes=" + ",".join(specs)), st.integers(0, 40))
def test_ranges_lie_apart_within_the_file_or_are_refused(header, length):
    try:
        found = wanted_ranges(header, length)
    except NotSatisfiable:
        return
    assert all(0 <= start < stop <= length for start, stop in found)
    covered = [n for start, stop in found for n in range(start, stop)]
    assert len(covered) == len(set(covered))
