"""The DDI documents as pure functions: what changes with what."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.campaigns.model import Action, AsgId, CmpId
from roadworthy.device.documents import Deployed, Links, action_number, base_document, deployment_document, fingerprint
from roadworthy.kernel.errors import Malformed, NotFound
from roadworthy.releases.model import Package, Release, RelId

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PACKAGE = Package("fw/1.0/fw.img", "fw.img", "a" * 64, "b" * 40, "c" * 32, 9, ("ivi-hw2",), 1)
RELEASE = Release(RelId("REL-1"), "fw", "1.0", "approved", "ota", False, (), (), None, "", "USR-1", None, NOW, PACKAGE)
ACTION = Action(7, AsgId("ASG-1"), CmpId("CMP-1"), 1, "VEH-1", "offered", "", NOW)
DEPLOYED = Deployed(ACTION, RELEASE, PACKAGE)
LINKS = Links("https://ota.example.com", "LSVAA4187E0000001")


@given(st.integers(1, 86_399))
def test_sleep_is_always_hh_mm_ss(seconds):
    sleep = base_document(LINKS, poll_seconds=seconds)["config"]["polling"]["sleep"]
    assert re.fullmatch(r"[0-2][0-9]:[0-5][0-9]:[0-5][0-9]", sleep)
    hours, minutes, rest = map(int, sleep.split(":"))
    assert hours * 3600 + minutes * 60 + rest == seconds


def test_an_order_to_cancel_goes_before_a_deployment():
    document = base_document(LINKS, poll_seconds=1, offered=DEPLOYED, cancelling=ACTION)
    assert set(document["_links"]) == {"cancelAction"}
    assert "?c=" not in document["_links"]["cancelAction"]["href"]


def test_the_cache_breaker_changes_with_the_content_alone():
    same = replace(DEPLOYED, action=replace(ACTION, assignment_id=AsgId("ASG-2"), status="retrieved"))
    assert fingerprint(DEPLOYED) == fingerprint(same)
    others = [
        replace(DEPLOYED, package=replace(PACKAGE, sha256="d" * 64)),
        replace(DEPLOYED, release=replace(RELEASE, version="1.1")),
        replace(DEPLOYED, action=replace(ACTION, number=8)),
    ]
    assert len({fingerprint(one) for one in [DEPLOYED, *others]}) == 4
    assert -(2**31) <= fingerprint(DEPLOYED) < 2**31


def test_without_links_no_address_stands_anywhere_in_the_document():
    assert "http" not in str(deployment_document(None, DEPLOYED))
    assert str(deployment_document(LINKS, DEPLOYED)).count(f"{LINKS.base}/DEFAULT/controller/v1/{LINKS.vin}/") == 4


@given(st.text(max_size=14) | st.integers(-5, 2**40).map(str))
def test_an_id_is_a_number_below_2_to_the_31_or_refused(text):
    try:
        number = action_number(text)
    except (Malformed, NotFound):
        return
    assert 0 <= number < 2**31
    assert int(text) == number


@pytest.mark.parametrize(("text", "error"), [("x", Malformed), ("", Malformed), ("2147483648", NotFound)])
def test_which_refusal(text, error):
    with pytest.raises(error):
        action_number(text)
