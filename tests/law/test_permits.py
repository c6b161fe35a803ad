"""Level 3 permits: what the shipped file holds, when a domain is inside, and what the reader refuses."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.law.fields import PackRefused
from roadworthy.law.load import SHIPPED, read_files
from roadworthy.law.permits import OperatingDomain, inside, load_permits, permit_of, read_permits

FILE = "cn/l3-permits.yaml"
RAW = read_files(SHIPPED)[FILE]
PERMITS = load_permits()
CHONGQING = PERMITS[0]
HOME = OperatingDomain(frozenset(CHONGQING.roads), 50, changes_lane=False, entity_id=CHONGQING.entity_id)


def test_the_two_models_of_batch_401_are_shipped_with_their_doubt():
    assert [(p.model_code, p.speed_limit_kmh, len(p.roads), p.batch) for p in PERMITS] == [
        ("SC7000AAARBEV", 50, 3, 401),
        ("BJ7001A61NBEV", 80, 3, 401),
    ]
    assert {(p.grade, p.verified_by, p.granted.isoformat()) for p in PERMITS} == {("S", None, "2025-12-15")}
    assert permit_of(PERMITS, "BJ7001A61NBEV") is PERMITS[1]
    assert permit_of(PERMITS, "EX7000A") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, True),
        ({"roads": frozenset({"chongqing-yudu-avenue"})}, True),
        ({"top_speed_kmh": 51}, False),
        ({"roads": HOME.roads | {"beijing-jingtai"}}, False),
        ({"changes_lane": True}, False),
        ({"entity_id": "beijing-chuxing"}, False),
        ({"roads": None}, None),
        ({"roads": frozenset()}, None),
        ({"top_speed_kmh": None}, None),
        ({"changes_lane": None}, None),
        ({"entity_id": None}, None),
        ({"entity_id": None, "top_speed_kmh": 120}, False),
    ],
)
def test_a_domain_is_inside_outside_or_not_known(change, said):
    assert inside(CHONGQING, replace(HOME, **change)) is said


DOMAINS = st.builds(
    OperatingDomain,
    st.none() | st.frozensets(st.sampled_from([*CHONGQING.roads, "elsewhere"])),
    st.none() | st.integers(0, 130),
    st.none() | st.booleans(),
    st.none() | st.sampled_from([CHONGQING.entity_id, "somebody"]),
)


@given(DOMAINS, st.sampled_from(["roads", "top_speed_kmh", "changes_lane", "entity_id"]))
def test_forgetting_something_never_brings_a_domain_inside(domain, name):
    if inside(CHONGQING, replace(domain, **{name: None})) is True:
        pytest.fail("a domain that is not known whole was found inside")
    if inside(CHONGQING, domain) is True:
        assert inside(CHONGQING, replace(domain, **{name: None})) is None


def changed(change: Any) -> dict[str, Any]:
    raw = deepcopy(RAW)
    change(raw)
    return {FILE: raw}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: r["permits"][0].pop("roads"), "roads is missing"),
        (lambda r: r["permits"][0].update(roads={}), "names no road"),
        (lambda r: r["permits"][0].update(speed_limit_kmh="50"), "must be a whole number"),
        (lambda r: r["permits"][0].update(speed_limit_kmh=0), "write 1 to 200"),
        (lambda r: r["permits"][0].update(level=2), "write 3 or 4"),
        (lambda r: r["permits"][0].update(single_lane="yes"), "must be true or false"),
        (lambda r: r["permits"][0].update(colour="red"), "unknown field colour"),
        (lambda r: r["permits"][0]["entity"].pop("zh"), "zh is missing"),
        (lambda r: r["permits"][1].update(model_code="SC7000AAARBEV"), "has two permits"),
        (lambda r: r.update(permits=[]), "lists none"),
        (lambda r: r.update(grade="A"), "grade"),
        (lambda r: r.update(granted="2025-13-01"), "granted"),
        (lambda r: r.pop("verified_by"), "verified_by is missing"),
    ],
)
def test_a_file_that_is_not_fit_is_refused_in_both_languages_with_its_place(change, says):
    with pytest.raises(PackRefused) as caught:
        read_permits(changed(change))

    assert says in caught.value.message
    assert FILE in caught.value.message
    assert any("一" <= letter <= "鿿" for letter in caught.value.text.zh)


def test_a_refusal_names_the_line():
    with pytest.raises(PackRefused, match=r"l3-permits\.yaml line \d+"):
        read_permits(changed(lambda r: r["permits"][0].update(level=2)))
