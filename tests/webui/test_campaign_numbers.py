"""The numbers of the campaign page: bars are whole, the strip agrees with the bars."""

from hypothesis import given
from hypothesis import strategies as st

from roadworthy.campaigns.web.page import VehicleFilter, WaveBar, usual_kpis
from roadworthy.campaigns.web.words import VEHICLE

_COUNTS = st.dictionaries(st.sampled_from([w for w in VEHICLE if w != "planned"]), st.integers(0, 500))


def _wave(counts: dict[str, int], rest: int) -> WaveBar:
    return WaveBar(1, "w", "running", sum(counts.values()) + rest, counts)


@given(_COUNTS, st.integers(0, 500))
def test_the_parts_of_a_bar_are_all_its_vehicles(counts, rest):
    wave = _wave(counts, rest)
    assert sum(wave.parts.values()) == wave.vehicles
    assert wave.parts.get("planned", 0) == rest
    assert list(wave.parts) == [w for w in VEHICLE if w in wave.parts]


@given(st.lists(st.tuples(_COUNTS, st.integers(0, 500)), max_size=4))
def test_the_strip_adds_up_the_bars(waves):
    bars = [_wave(*one) for one in waves]
    scope, attested, lost, held, met = usual_kpis(bars, ())
    assert scope.value == sum(bar.vehicles for bar in bars)
    assert attested.value == sum(counts.get("attested", 0) for counts, _ in waves)
    assert lost.value == sum(counts.get("failed", 0) for counts, _ in waves)
    assert held.value == sum(counts.get("held", 0) for counts, _ in waves)
    assert (met.value, met.note) == (0, "/ 0")


def test_a_state_nobody_named_is_shown_not_hidden():
    assert WaveBar(1, "w", "running", 10, {"quarantined": 4}).parts == {"planned": 6, "quarantined": 4}


def test_filter_addresses_name_only_what_is_asked_for():
    assert VehicleFilter().query() == ""
    assert VehicleFilter(vin="LHY", wave=0, status="failed").query(after="VEH-1") == (
        "vin=LHY&status=failed&wave=0&after=VEH-1"
    )
