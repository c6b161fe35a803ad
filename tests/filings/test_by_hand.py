"""Papers that people carry: print, stamp, scan, confirm; and portals, whose receipt number is typed twice."""

import json

import pytest

from roadworthy.couriers.told import ToldUnusable
from roadworthy.filings import actions, store
from roadworthy.filings.model import Kept, Role, Scope
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from tests import papers
from tests.rooms.app import OFFICER, SECOND

AT = "2026-03-02T10:00:00+08:00"


def told(**more):
    return actions.Word(AT, **{"receipt": "MIIT-7", "receipt_again": "MIIT-7", **more})


def test_a_stamped_scan_is_matched_by_its_code_confirmed_by_a_second_person_and_ends_the_loop(room):
    here = room()
    sent = here.sent()
    assert (sent.status, here.packet(sent).status) == ("submitted", "handed")
    code = here.packet(sent).manifest["forms"][0]["code"]
    confirm = lambda *scans: actions.confirm_sent(  # noqa: E731 - said five times
        here.database, here.couriers, here.artifacts, OFFICER, sent.id, told(scans=scans)
    )
    with pytest.raises(ToldUnusable, match="Upload the scan"):
        confirm()
    with pytest.raises(Unusable, match="how many pages"):
        actions.attach(here.database, OFFICER, sent.id, Role.SCAN, papers.kept(papers.pdf("x")))
    foreign, scan = (
        actions.attach(here.database, OFFICER, sent.id, Role.SCAN, papers.kept(papers.pdf(said)), pages=2, codes=[said])
        for said in (code + "0", code)
    )
    with pytest.raises(Refused, match="Nobody has confirmed"):
        confirm(scan.id)
    with pytest.raises(NotPermitted):
        actions.confirm_scan(here.database, OFFICER, sent.id, scan.id)
    for one in (foreign, scan):
        assert actions.confirm_scan(here.database, SECOND, sent.id, one.id).confirmed_by == SECOND.id
    with pytest.raises(Refused):
        actions.confirm_scan(here.database, SECOND, sent.id, scan.id)
    with pytest.raises(ToldUnusable, match="belongs to something else"):
        confirm(foreign.id)
    acknowledged = confirm(scan.id)
    assert (acknowledged.status, acknowledged.submission_number) == ("acknowledged", "MIIT-7")
    assert acknowledged.submitted_on == "2026-03-02"
    with pytest.raises(WrongState):
        confirm(scan.id)


def test_the_code_is_read_off_the_scan_itself(room, tmp_path):
    here = room()
    sent = here.sent()
    with here.database.read() as view:
        drawn = [one for one in store.documents_of(view, sent.id) if one.role == "form"]
        form = next(one for one in drawn if one.media_type == "application/pdf")
    with here.artifacts.open(form.sha256) as printed:
        kept = actions.keep(here.artifacts, "scan.pdf", [printed.read()])
    codes = actions.codes_on(here.artifacts, kept)
    assert set(codes) == {here.packet(sent).manifest["forms"][0]["code"]}


def test_a_portal_guides_field_by_field_and_wants_the_receipt_number_twice(room):
    here = room("portal:")
    sent = here.sent()
    assert here.packet(sent).status == "handed"
    with here.database.read() as view:
        steps = actions.guide(view, sent)
    assert [one.number for one in steps] == list(range(1, len(steps) + 1))
    assert steps[0].field.id == "producer_name"
    confirm = lambda word: actions.confirm_sent(  # noqa: E731 - said twice
        here.database, here.couriers, here.artifacts, OFFICER, sent.id, word
    )
    with pytest.raises(ToldUnusable, match="typed in two ways"):
        confirm(told(receipt_again="MIIT-8"))
    assert confirm(told()).status == "acknowledged"


def test_a_packet_that_is_not_sent_after_all_leaves_the_paper_signed_and_unsent(room):
    here = room()
    sent = here.sent()
    taken = actions.cancel(here.database, OFFICER, sent.id, "the director wants another date")
    assert (taken.status, taken.packet_id, taken.submitted_on) == ("signed_off", None, None)
    with pytest.raises(Refused, match="No courier"):
        actions.cancel(here.database, OFFICER, sent.id, "again")
    assert actions.submit(here.database, OFFICER, sent.id, "2026-03-02").status == "submitted"
    with pytest.raises(Refused, match="No courier"):
        actions.resend(here.database, OFFICER, sent.id, "it got lost")


def test_a_packet_holds_forms_attachments_fields_and_a_checklist(room):
    here = room()
    manifest = here.packet(here.sent()).manifest
    names = [one["name"] for one in manifest["files"]]
    assert [name.rpartition(".")[2] for name in names if name.startswith("forms/")] == [
        "pdf",
        "docx",
        "xlsx",
        "json",
        "pdf",
    ]
    assert [name for name in names if name.startswith("attachments/")] == ["attachments/commitment.pdf"]
    assert manifest["fields"][0]["id"] == "producer_name"
    assert [one["done"] for one in manifest["checklist"]] == [True, True, True, False]
    assert manifest["forms"][0]["id"] == "miit_enterprise"
    json.dumps(manifest)


def test_a_file_that_a_paper_names_must_be_attached(room):
    here = room()
    facts = papers.facts_of("miit_enterprise", [])
    made = actions.draft(here.database, OFFICER, "miit_enterprise", Scope(), facts)
    with pytest.raises(Refused) as caught:
        actions.complete(here.database, OFFICER, made.id)
    assert [one.code for one in caught.value.findings] == ["miit_enterprise.commitment_letter.not_stored"]
    papers.attach_all(here.database, OFFICER, made.id, facts)
    papers.signed(here.database, OFFICER, SECOND, made)
    with pytest.raises(Refused, match="takes no attachments"):
        papers.attach_all(here.database, OFFICER, made.id, facts)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("../../etc/passwd.pdf", b"MZ program", "file.type_unknown"),
        ("scan.pdf", b"", "file.empty"),
        ("scan.pdf", b"%PDF-1.4 cut off", "file.damaged"),
        ("macro.xlsm", b"PK\x03\x04", "file.macro"),
        ("photo.png", papers.pdf("not a picture"), "file.type_lies"),
    ],
)
def test_hostile_uploads_are_refused_with_a_reason(room, name, content, code):
    with pytest.raises(Unusable) as caught:
        actions.keep(room().artifacts, name, [content])
    assert caught.value.error_code == code


def test_a_form_is_not_uploaded_and_a_scan_is_a_picture(room):
    here = room()
    sent = here.sent()
    table = Kept("scan.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "0" * 64, 9)
    for role, kept in ((Role.FORM, papers.kept(b"x")), (Role.SCAN, table)):
        with pytest.raises(Unusable):
            actions.attach(here.database, OFFICER, sent.id, role, kept, pages=1)
