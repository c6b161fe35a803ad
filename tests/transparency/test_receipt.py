"""Receipts and row openings: what is in the log opens with the public key alone, anything altered does not."""

import copy
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.kernel.errors import NotFound
from roadworthy.transparency.making import Log, NotLogged, Superseded
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.receipt import Unproved, make_receipt, make_row_opening, open_receipt, open_row
from tests.transparency.world import VKEY, TestSigner, fill_box, make_box, open_database, report, sequencer


@pytest.fixture(scope="module")
def proofs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    database = open_database(folder, create=True)
    made = [make_box(database, f"B{n}") for n in range(5)]
    filled = fill_box(database, "B3", things=3)
    said = [report(database, "B4", n) for n in range(6)]
    with database.read() as view, pytest.raises(NotLogged):
        make_receipt(view, Log(folder / "log"), made[0])
    sequencer(database, folder).tick()
    late = make_box(database, "B9")
    log = Log(folder / "log")
    with database.read() as view:
        staff = make_receipt(view, log, filled)
        fleet = make_receipt(view, log, said[4])
        openings = [
            make_row_opening(view, filled, "test_thing", "B3/1"),
            make_row_opening(view, said[4], "test_thing", "B4/4"),
        ]
        with pytest.raises(Superseded):
            make_row_opening(view, made[3], "test_box", "B3")
        with pytest.raises(NotFound):
            make_row_opening(view, made[3], "test_box", "B4")
        with pytest.raises(NotFound):
            make_receipt(view, log, "EVT-none")
        with pytest.raises(NotLogged):
            make_receipt(view, log, late)
    database.close()
    return {"staff": staff, "fleet": fleet, "openings": openings, "said": said[4], "filled": filled}


def test_a_staff_event_is_a_leaf_and_a_fleet_event_stands_in_a_batch(proofs):
    staff, fleet = open_receipt(proofs["staff"], VKEY), open_receipt(proofs["fleet"], VKEY)
    assert (staff.event["id"], staff.index, staff.size, staff.lane) == (proofs["filled"], 5, 7, "staff")
    assert (fleet.event["id"], fleet.index, fleet.size, fleet.lane) == (proofs["said"], 6, 7, "fleet")


def test_a_row_opens_under_its_event_and_under_no_other(proofs):
    staff, fleet = open_receipt(proofs["staff"], VKEY), open_receipt(proofs["fleet"], VKEY)
    assert open_row(proofs["openings"][0], staff.event)["vin"] == "LSVAA4187E0000001"
    assert open_row(proofs["openings"][1], fleet.event)["number"] == 4
    with pytest.raises(Unproved):
        open_row(proofs["openings"][0], fleet.event)


def test_another_log_key_proves_nothing(proofs):
    with pytest.raises(Unproved):
        open_receipt(proofs["staff"], vkey_of(TestSigner(seed=bytes(32))))


def leaves_of(value, at=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves_of(inner, (*at, key))
        yield at
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from leaves_of(inner, (*at, n))
        yield at
    else:
        yield at


def replaced(value, at, new):
    if not at:
        return new
    value = copy.deepcopy(value)
    inner = value
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = new
    return value


def strange(old):
    odd = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=9)
        | st.lists(st.integers(), max_size=2)
    )
    odd |= st.dictionaries(st.text(max_size=3), st.integers(), max_size=2) | st.just("[" * 60_000) | st.just("9" * 5000)
    if isinstance(old, str) and old:
        bits = st.tuples(st.integers(0, len(old) - 1), st.characters(min_codepoint=32, max_codepoint=126))
        odd |= bits.map(lambda change: old[: change[0]] + change[1] + old[change[0] + 1 :])
    if isinstance(old, list) and old:
        odd |= st.just(old[1:]) | st.just(old[::-1]) | st.just([*old, old[0]])
    return odd


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.data())
def test_any_altered_part_of_a_receipt_or_row_opening_is_refused_as_unproved(proofs, data):
    event = open_receipt(proofs["fleet"], VKEY).event
    for original, opens in (
        (proofs["staff"], lambda value: open_receipt(value, VKEY)),
        (proofs["fleet"], lambda value: open_receipt(value, VKEY)),
        (proofs["openings"][1], lambda value: open_row(value, event)),
    ):
        at = data.draw(st.sampled_from(sorted(set(leaves_of(original)) - {()}, key=str)))
        old = original
        for step in at:
            old = old[step]
        new = data.draw(strange(old))
        if new != old or type(new) is not type(old):
            altered = replaced(original, at, new)
            if at == ("checkpoint",):
                continue
            with pytest.raises(Unproved):
                opens(altered)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=30), st.integers(0, 600), st.integers(0, 30))
def test_an_altered_checkpoint_proves_nothing_or_the_same(proofs, text, at, cut):
    note = proofs["staff"]["checkpoint"]
    altered = note[:at] + text + note[at + cut :]
    try:
        found = open_receipt(proofs["staff"] | {"checkpoint": altered}, VKEY)
    except Unproved:
        return
    # Signature lines of keys that we do not know may come and go; what is proved is the same.
    assert found.size == 7
    assert altered.split("\n\n")[0] == note.split("\n\n")[0]


def test_an_event_with_two_spellings_is_refused(proofs):
    doubled = proofs["staff"]["event"].replace('"actor":', '"actor":"x","actor":', 1)
    with pytest.raises(Unproved, match="canonical"):
        open_receipt(proofs["staff"] | {"event": doubled}, VKEY)


def test_a_batch_entry_is_no_event_and_an_event_no_batch(proofs):
    fleet = proofs["fleet"]
    with pytest.raises(Unproved):
        open_receipt(fleet | {"event": fleet["batch"]["entry"], "batch": None}, VKEY)
    with pytest.raises(Unproved):
        open_receipt(fleet | {"batch": fleet["batch"] | {"entry": proofs["staff"]["event"]}}, VKEY)


def test_opening_needs_the_kernel_and_cryptography_only():
    code = (
        "import sys, roadworthy.transparency.receipt\n"
        "bad = {m.split('.')[0] for m in sys.modules} & {'sqlalchemy', 'fastapi', 'httpx', 'tuf', 'sqlite3'}\n"
        "rooms = {m for m in sys.modules if m.startswith('roadworthy.')}\n"
        "rooms = {m for m in rooms if m.split('.')[1] not in {'kernel', 'transparency'}}\n"
        "sys.exit(repr((bad, rooms)) if bad or rooms else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
