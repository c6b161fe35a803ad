"""Canonical bytes: one spelling for one value, on every computer."""

import json
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Broken
from roadworthy.kernel.event import Event, canonical, digest_of, row_digest
from roadworthy.kernel.ids import EventId
from roadworthy.kernel.merkle import EMPTY_ROOT

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def an_event(**changes: Any) -> Event:
    facts: dict[str, Any] = {
        "id": EventId("EVT-01KJNN0Y000000000000000000"),
        "kind": "gate.decided",
        "subject": "GTE-1",
        "actor": "USR-1",
        "at": datetime(2026, 3, 2, 2, 0, tzinfo=UTC),
        "data": {"decision": "open"},
    }
    return Event(**{**facts, **changes})


@given(VALUES)
def test_canonical_bytes_read_back_as_the_same_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@given(VALUES)
def test_canonical_bytes_are_ascii_without_blanks_outside_text(value: Any) -> None:
    body = canonical(value)

    assert body.isascii()
    assert canonical(json.loads(body)) == body


@given(st.dictionaries(st.text(), SCALARS, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))

    assert canonical(turned) == canonical(value)


def test_the_spelling_is_fixed() -> None:
    assert canonical({"b": [1, True, None], "a": "路\n"}) == rb'{"a":"\u8def\n","b":[1,true,null]}'
    assert digest_of([]) == sha256(b"[]").hexdigest()


@pytest.mark.parametrize("value", [1.0, {"a": [{"b": float("nan")}]}, {1: "a"}, b"bytes", {"a": {2}}, date(2026, 3, 2)])
def test_what_has_no_single_spelling_is_broken(value: Any) -> None:
    with pytest.raises(Broken, match="canonical JSON"):
        canonical(value)


def test_the_bytes_of_an_event_are_fixed() -> None:
    assert an_event(cause="EVT-0").to_bytes() == (
        b'{"actor":"USR-1","at":"2026-03-02T02:00:00.000000Z","cause":"EVT-0","data":{"decision":"open"},'
        b'"id":"EVT-01KJNN0Y000000000000000000","kind":"gate.decided",'
        b'"rows":{"count":0,"root":"' + EMPTY_ROOT.hex().encode() + b'"},"subject":"GTE-1","type":"event/1"}'
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "gate.closed"},
        {"subject": "GTE-2"},
        {"actor": "USR-2"},
        {"at": datetime(2026, 3, 2, 2, 0, 0, 1, tzinfo=UTC)},
        {"data": {"decision": "hold"}},
        {"row_count": 1},
        {"row_root": b"\x01" * 32},
        {"cause": "EVT-9"},
    ],
)
def test_every_fact_of_an_event_is_in_its_bytes(changes: dict[str, Any]) -> None:
    assert an_event(**changes).to_bytes() != an_event().to_bytes()


def test_an_event_fits_one_entry_of_the_log_or_is_broken() -> None:
    room = 65_535 - len(an_event(data={"x": ""}).to_bytes())

    assert len(an_event(data={"x": "y" * room}).to_bytes()) == 65_535
    with pytest.raises(Broken, match="put long facts in a row"):
        an_event(data={"x": "y" * (room + 1)}).to_bytes()


def test_a_row_digest_covers_table_key_and_every_column() -> None:
    base = row_digest("vehicle", "VEH-1", {"vin": "A", "salt": "00"})
    others = {
        row_digest("vehicles", "VEH-1", {"vin": "A", "salt": "00"}),
        row_digest("vehicle", "VEH-2", {"vin": "A", "salt": "00"}),
        row_digest("vehicle", "VEH-1", {"vin": "B", "salt": "00"}),
        row_digest("vehicle", "VEH-1", {"vin": "A", "salt": "01"}),
        row_digest("vehicle", "VEH-1", {"vin": "A"}),
    }

    assert len(base) == 32
    assert len({base, *others}) == 6
