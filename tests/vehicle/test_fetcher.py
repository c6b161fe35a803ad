"""HTTP of a vehicle: limits that a hostile or tired server cannot pass."""

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError, SlowRetrievalError

from roadworthy.vehicle.fetcher import DEFAULT_COME_BACK, ComeBack, Fetcher, SharedFiles


@pytest.fixture
def fetcher(pool):
    return Fetcher(pool, "t-1", timeout=1.0)


def url(world, path):
    return f"{world.url}/uptane/{path}"


def test_token_goes_with_every_request(world, fetcher, pool):
    world.files["image/x"] = b"bytes"
    assert fetcher.download_bytes(url(world, "image/x"), 10) == b"bytes"
    with pytest.raises(DownloadHTTPError) as caught:
        Fetcher(pool, "x").download_bytes(url(world, "image/x"), 10)
    assert caught.value.status_code == 401


@pytest.mark.parametrize("status", [503, 429])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "99999999"}, 86_400.0),
        ({"Retry-After": "-3"}, DEFAULT_COME_BACK),
        ({"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}, DEFAULT_COME_BACK),
        ({}, DEFAULT_COME_BACK),
    ],
)
def test_busy_server_is_surfaced_as_come_back_at_once(world, fetcher, status, header, seconds):
    world.answers["image/x"] = (status, header, b"later")
    with pytest.raises(ComeBack) as caught:
        fetcher.download_bytes(url(world, "image/x"), 10)
    assert caught.value.seconds == seconds
    with pytest.raises(ComeBack):
        fetcher.put_json(url(world, "image/x"), b"{}")
    assert len(world.requests) == 2, "urllib3 must not retry on its own"


def test_longer_than_allowed_breaks_off(world, fetcher):
    world.files["image/x"] = b"x" * 1_000_000
    with pytest.raises(DownloadLengthMismatchError):
        fetcher.download_bytes(url(world, "image/x"), 999_999)
    world.files["image/y"] = b"fine"
    assert fetcher.download_bytes(url(world, "image/y"), 10) == b"fine"


def test_redirects_are_not_followed(world, fetcher):
    world.answers["image/x"] = (302, {"Location": f"{world.url}/uptane/image/y"}, b"")
    world.files["image/y"] = b"elsewhere"
    with pytest.raises(DownloadHTTPError, match="HTTP 302"):
        fetcher.download_bytes(url(world, "image/x"), 100)
    assert world.requests == ["GET image/x"]


def test_body_that_ends_early_is_no_file(world, fetcher):
    world.answers["image/x"] = (200, {"Content-Length": "100", "Connection": "close"}, b"short")
    with pytest.raises(DownloadError):
        fetcher.download_bytes(url(world, "image/x"), 100)


def test_drip_of_bytes_is_slow_retrieval(world, pool):
    ticks = iter(range(0, 10_000, 20))
    drip = Fetcher(pool, "t-1", minimum_rate=1000, clock=lambda: float(next(ticks)))
    world.files["image/x"] = b"x" * 500
    with pytest.raises(SlowRetrievalError, match="500 bytes in 20 s"):
        drip.download_bytes(url(world, "image/x"), 1000)


def test_compressed_bytes_stay_as_they_are(world, fetcher):
    world.answers["image/x"] = (200, {"Content-Encoding": "gzip"}, b"not gzip at all")
    assert fetcher.download_bytes(url(world, "image/x"), 100) == b"not gzip at all"


def test_connections_are_reused_also_after_errors(world, fetcher, pool):
    world.files["image/x"] = b"bytes"
    for _ in range(5):
        fetcher.download_bytes(url(world, "image/x"), 10)
        with pytest.raises(DownloadHTTPError):
            fetcher.download_bytes(url(world, "image/none"), 10)
        fetcher.put_json(url(world, "vehicle/V/director/manifest"), b"{}")
    (key,) = pool.pools.keys()
    assert pool.pools[key].num_connections == 1


def test_shared_files_keep_only_versioned_image_metadata(world, pool):
    shared = SharedFiles()
    one, two = (Fetcher(pool, "t-1", shared=shared) for _ in range(2))
    names = ["image/metadata/3.targets.json", "image/metadata/timestamp.json", "vehicle/V/director/metadata/3.x.json"]
    for name in names:
        world.files[name] = name.encode()
        assert one.download_bytes(url(world, name), 100) == two.download_bytes(url(world, name), 100)
    assert world.requests == [f"GET {names[0]}", *(f"GET {name}" for name in names[1:] for _ in range(2))]
