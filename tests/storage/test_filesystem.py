import fcntl
import hashlib
import io
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.kernel.errors import NotFound, Refused, Unusable
from roadworthy.storage import Artifact, ArtifactStore
from roadworthy.storage.filesystem import CHUNK


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "artifacts")


def everything_in(store: ArtifactStore):
    return [path for path in store.folder.rglob("*") if path.is_file()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(chunks=st.lists(st.binary(max_size=300), max_size=8), data=st.data())
def test_what_is_put_comes_back_whole_and_in_ranges(store, chunks, data):
    content = b"".join(chunks)
    taken = store.put(iter(chunks), expected_length=len(content))
    assert taken == Artifact(
        hashlib.sha256(content).hexdigest(),
        hashlib.sha1(content).hexdigest(),
        hashlib.md5(content).hexdigest(),
        len(content),
    )
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, len(content)))
    assert b"".join(store.read(taken.sha256, start, stop)) == content[start:stop]
    assert store.length(taken.sha256) == len(content)
    with store.open(taken.sha256) as file:
        assert file.read() == content


def test_a_file_object_is_read_in_chunks_and_never_whole(store):
    asked = []

    class Upload(io.BytesIO):
        def read(self, size=-1):
            asked.append(size)
            return super().read(size)

    taken = store.put(Upload(b"x" * (3 * CHUNK + 5)))
    assert taken.length == 3 * CHUNK + 5
    assert set(asked) == {CHUNK}
    assert [len(chunk) for chunk in store.read(taken.sha256)] == [CHUNK, CHUNK, CHUNK, 5]


def test_the_name_is_the_hash_split_after_two_digits(store):
    taken = store.put([b"image"])
    assert (store.folder / taken.sha256[:2] / taken.sha256[2:]).read_bytes() == b"image"


@pytest.mark.parametrize(
    "announced",
    [{"expected_length": 6}, {"expected_length": 4}, {"expected_sha256": "0" * 64}, {"limit": 4}],
    ids=["truncated", "too long", "other hash", "over the limit"],
)
def test_an_upload_that_is_not_as_announced_is_refused_and_leaves_nothing(store, announced):
    with pytest.raises(Refused, match="nothing was kept"):
        store.put([b"im", b"age"], **announced)
    assert everything_in(store) == []


def test_an_upload_that_breaks_off_leaves_nothing(store):
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        store.put(broken())
    assert everything_in(store) == []


def test_an_upper_case_hash_is_accepted(store):
    digest = hashlib.sha256(b"image").hexdigest()
    assert store.put([b"image"], expected_sha256=digest.upper()).sha256 == digest


def test_many_putting_the_same_bytes_at_once_keep_one_copy(store):
    content = [b"y" * 1000] * 50
    barrier, failures = threading.Barrier(6), []

    def put():
        barrier.wait()
        try:
            store.put(list(content))
        except Exception as error:  # noqa: BLE001 - whatever a thread meets must fail the test
            failures.append(error)

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(everything_in(store)) == 1


@pytest.mark.parametrize("name", ["", "0" * 64, "../../etc/passwd", "A" * 64, "0" * 63])
def test_an_unknown_name_is_not_found_and_no_path_escapes(store, name):
    for ask in (store.open, store.length, store.read):
        with pytest.raises(NotFound):
            ask(name)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (3, 2), (0, 6), (6, None)])
def test_a_range_outside_is_refused_before_anything_is_sent(store, start, stop):
    taken = store.put([b"image"])
    with pytest.raises(Unusable):
        store.read(taken.sha256, start, stop)


def test_drafts_of_a_crash_are_removed_at_start(store):
    (store.folder / "incoming" / "tmpabc").write_bytes(b"half")
    assert store.discard_drafts() == 1
    assert everything_in(store) == []


def test_the_draft_of_a_running_upload_stays(store):
    removed = []

    def slowly():
        yield b"first half"
        removed.append(ArtifactStore(store.folder).discard_drafts())
        yield b"second half"

    taken = store.put(slowly())
    assert removed == [0]
    assert store.path(taken.sha256).read_bytes() == b"first halfsecond half"


def test_a_draft_taken_for_a_leftover_before_it_was_locked_is_begun_again(store, monkeypatch):
    lock, taken = fcntl.flock, []

    def late(handle, operation):
        if not taken and operation == fcntl.LOCK_EX:
            taken.append(handle)
            monkeypatch.setattr(fcntl, "flock", lock)
            assert store.discard_drafts() == 1
        lock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    assert store.length(store.put([b"image"]).sha256) == 5
    assert taken
