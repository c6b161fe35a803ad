"""Paper and portals: a person sends, and what the person says is checked."""

import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.couriers.interface import Failed, Handed, Scan, Told, Unsure
from roadworthy.couriers.packet import Contents, Field, build
from roadworthy.couriers.paper import PaperCourier, check_scans
from roadworthy.couriers.portal import Portal, PortalCourier, PortalField, guide, next_step
from roadworthy.couriers.told import ToldUnusable
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import SetTime
from roadworthy.storage import ArtifactStore
from tests.conftest import START
from tests.couriers.world import CODE, contents, packet

GOOD = Scan("1" * 64, "application/pdf", (CODE,))
PORTAL = Portal(
    "miit",
    Text("备案系统", "the filing system"),
    "https://portal.example",
    (
        PortalField("kind", Text("类别", "kind"), choices={"ota": "OTA升级"}),
        PortalField("company", Text("企业名称", "company"), longest=20),
        PortalField("remark", Text("备注", "remark"), required=False, lines=True),
    ),
    receipt=r"BA-\d{6}",
)


@pytest.fixture
def artifacts(tmp_path):
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def paper(artifacts):
    return PaperCourier(artifacts, SetTime(START))


def refusal(call, *given_values) -> ToldUnusable:
    with pytest.raises(ToldUnusable) as refused:
        call(*given_values)
    return refused.value


def test_the_printable_bundle_is_kept_and_a_person_goes_on(shelf, artifacts, paper):
    made = packet(shelf)
    handed = [paper.send(made, attempt) for attempt in (1, 2)]
    assert isinstance(handed[0], Handed)
    assert handed[0].evidence.sent_sha256 == handed[1].evidence.sent_sha256
    assert artifacts.length(handed[0].evidence.sent_sha256) == handed[0].evidence.sent_length
    assert isinstance(paper.ask(made), Unsure)


def test_a_scan_with_the_codes_of_the_record_and_a_persons_word_are_evidence(shelf, paper):
    told = Told(START + timedelta(hours=1), note="handed in at the counter", scans=[GOOD])
    found = paper.confirm(packet(shelf), told)
    assert GOOD.sha256 in found.note
    assert found.at == told.at


@pytest.mark.parametrize(
    ("scans", "code"),
    [
        ([], "scan.missing"),
        ([Scan("1" * 64, "application/zip", (CODE,))], "scan.type"),
        ([Scan("1" * 64, "image/png", ())], "scan.unreadable"),
        ([Scan("1" * 64, "image/png", ("RW1 FIL-2 other 1",))], "scan.foreign"),
        ([GOOD, Scan("2" * 64, "image/png", (CODE, "https://evil.example"))], "scan.foreign"),
    ],
)
def test_a_scan_that_does_not_match_the_record_is_refused(shelf, paper, scans, code):
    told = Told(START, note="sent by post", scans=scans)
    assert refusal(paper.confirm, packet(shelf), told).error_code == code


@given(st.sets(st.sampled_from("abcd")), st.lists(st.sets(st.sampled_from("abcde"), min_size=1), max_size=4))
def test_scans_match_exactly_when_all_codes_are_there_and_no_other(codes, read):
    made = packet_with(codes)
    scans = [Scan(f"{n}" * 64, "image/png", tuple(sorted(one))) for n, one in enumerate(read)]
    try:
        check_scans(made, scans)
        matched = True
    except ToldUnusable:
        matched = False
    assert matched == (bool(scans) and set().union(*read) == codes)


def packet_with(codes):
    from dataclasses import replace

    from tests.couriers.world import Shelf

    made = packet(Shelf())
    return replace(made, manifest={**made.manifest, "forms": [{"code": one} for one in codes]})


def test_the_guide_follows_the_portal_and_says_what_hinders_before_anybody_types():
    steps, findings = guide(PORTAL, {"company": "Qilin Motor", "kind": "ota", "remark": "line 1\nline 2"})
    assert not findings
    assert [(one.number, one.field.id, one.value) for one in steps] == [
        (1, "kind", "OTA升级"), (2, "company", "Qilin Motor"), (3, "remark", "line 1\nline 2"),
    ]  # fmt: skip
    assert next_step(steps, {"kind"}).field.id == "company"
    assert next_step(steps, {"kind", "company", "remark"}) is None
    _, findings = guide(PORTAL, {"company": "Q" * 21, "kind": "other"})
    assert ["choices" in findings[0].text.en, "21 characters" in findings[1].text.en] == [True, True]
    _, findings = guide(PORTAL, {"company": "two\nlines"})
    assert [one.text.en for one in findings] == ["kind is missing", "company must be one line"]


def test_a_packet_that_the_portal_would_refuse_is_not_handed_over(shelf, artifacts):
    courier = PortalCourier(PORTAL, artifacts, SetTime(START))
    failed = courier.send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert failed.reason.en == "kind is missing"
    both = [Field("kind", Text("", ""), "ota"), Field("company", Text("", ""), "Qilin Motor")]
    holds = contents(shelf)
    full = Contents(holds.forms, holds.attachments, holds.checklist, both)
    handed = courier.send(build(packet(shelf).id, "MIIT", "k", "t", full, shelf.open), 1)
    assert isinstance(handed, Handed)
    with artifacts.open(handed.evidence.sent_sha256) as file:
        assert io.BytesIO(file.read()).getbuffer().nbytes == handed.evidence.sent_length


def test_the_receipt_number_is_typed_back_twice(shelf, artifacts):
    courier, made = PortalCourier(PORTAL, artifacts, SetTime(START)), packet(shelf)
    assert courier.confirm(made, Told(START, " BA-123456", "BA-123456 ")).receipt == "BA-123456"
    assert refusal(courier.confirm, made, Told(START, "BA-123456", "BA-123465")).error_code == "told.receipts_differ"
    assert refusal(courier.confirm, made, Told(START, "BA-123456")).at == "receipt_again"
    assert refusal(courier.confirm, made, Told(START, "BA-12", "BA-12")).at == "receipt"
    assert refusal(courier.confirm, made, Told(START, note="I did it")).at == "receipt"


def test_a_word_that_says_nothing_is_no_evidence(shelf, paper):
    assert refusal(paper.confirm, packet(shelf), Told(START, scans=[GOOD])).at == "note"
    assert refusal(paper.confirm, packet(shelf), Told(START, note="x" * 2001, scans=[GOOD])).at == "note"
    assert refusal(paper.confirm, packet(shelf), Told(START, "a\nb", "a\nb", scans=[GOOD])).at == "receipt"
