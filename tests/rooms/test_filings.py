"""Filings: the whole life cycle, four eyes, and receipts."""

from collections.abc import Callable

import pytest
from sqlalchemy import insert, select

from roadworthy.database import Actor, Database
from roadworthy.database.schema import event
from roadworthy.filings import actions, store
from roadworthy.filings.actions import moving
from roadworthy.filings.model import FORMS, Authority, FilId, Filing, FilingKind, Scope
from roadworthy.filings.rules import Incomplete
from roadworthy.filings.states import EVENTS, FILING
from roadworthy.kernel.errors import Malformed, NotFound, NotPermitted, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.law.forms import load_forms
from roadworthy.products.model import TypId
from tests import papers

from .app import ADMINISTRATOR, AUDITOR, COMPLIANCE, NOBODY, OFFICER, SECOND
from .filed import OTHER, PACKAGE, RECEIPT, accept, drafted_activity, one_type, submit

SYSTEM = Actor("system:worker")
ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])  # where only our own checks speak


@pytest.fixture
def type_id(database: Database) -> TypId:
    return one_type(database)


@pytest.fixture
def activity(database: Database, type_id: TypId) -> Filing:
    return drafted_activity(database, type_id)


_SENT = ["complete", "sign_off", "submit"]
PATHS: dict[str, list[str]] = {
    "draft": [], "complete": ["complete"], "signed_off": ["complete", "sign_off"], "submitted": _SENT,
    "acknowledged": [*_SENT, "acknowledge"], "accepted": [*_SENT, "accept_for_later"], "valid": [*_SENT, "accept"],
    "returned": [*_SENT, "return"], "refused": [*_SENT, "refuse"], "amended": [*_SENT, "accept", "supersede"],
    "suspended": [*_SENT, "accept", "suspend"], "revoked": [*_SENT, "accept", "revoke"], "closed": ["drop"],
    "withdrawn": [*_SENT, "accept", "withdraw"], "expired": [*_SENT, "accept", "expire"],
}  # fmt: skip


def by_hand(database: Database, filing: Filing, who: Actor, verb: str) -> Filing:
    """Make a move that no verb of a person makes for this kind of paper as it stands."""
    with database.begin(who, attempt=f"filing.{verb}", subject=filing.id) as work:
        return moving.move(work, filing.id, verb)


VERBS: dict[str, Callable[[Database, Filing, Actor | None], Filing]] = {
    "complete": lambda db, f, who: actions.complete(db, who or OFFICER, f.id),
    "reopen": lambda db, f, who: actions.reopen(db, who or OFFICER, f.id),
    "sign_off": lambda db, f, who: actions.sign_off(db, who or SECOND, f.id),
    "drop": lambda db, f, who: actions.drop(db, who or OFFICER, f.id, "no longer planned"),
    "submit": lambda db, f, who: actions.submit(db, who or OFFICER, f.id, "2026-03-02"),
    "take_back": lambda db, f, who: by_hand(db, f, who or OFFICER, "take_back"),
    "acknowledge": lambda db, f, who: actions.acknowledge(db, who or OFFICER, f.id, "2026-03-02T08:00:00+08:00"),
    "accept": lambda db, f, who: actions.accept(
        db, who or SECOND, f.id, **RECEIPT, document_sha256=receipt_of(db, f), valid_until="2026-03-02"
    ),
    "take_effect": lambda db, f, who: by_hand(db, f, who or OFFICER, "take_effect"),
    "return": lambda db, f, who: actions.send_back(db, who or OFFICER, f.id, "page 3 is missing"),
    "refuse": lambda db, f, who: actions.refuse(db, who or OFFICER, f.id, "not admissible"),
    "amend": lambda db, f, who: actions.amend(db, who or OFFICER, f.id),
    "close": lambda db, f, who: actions.close(db, who or OFFICER, f.id, "the activity is over"),
    "supersede": lambda db, f, who: by_hand(db, f, who or OFFICER, "supersede"),
    "suspend": lambda db, f, who: actions.suspend(db, who or COMPLIANCE, f.id, "under review"),
    "resume": lambda db, f, who: actions.resume(db, who or COMPLIANCE, f.id, "review over"),
    "revoke": lambda db, f, who: actions.revoke(db, who or COMPLIANCE, f.id, "false material"),
    "withdraw": lambda db, f, who: actions.withdraw(db, who or COMPLIANCE, f.id, "hash was wrong"),
    "expire": lambda db, f, who: actions.expire(db, who or SYSTEM, f.id),
}


def receipt_of(database: Database, filing: Filing) -> str:
    return papers.receipt(database, OFFICER, filing.id)


def brought_to(database: Database, filing: Filing, status: str) -> Filing:
    for verb in PATHS[status]:
        if verb == "expire":
            database.time.advance(days=1)
        if verb == "accept_for_later":
            filing = accept(database, filing, valid_from="2026-04-01")
        else:
            filing = VERBS[verb](database, filing, None)
    database.time.advance(days=1)
    return filing


def test_the_tables_of_this_test_name_every_state_and_verb() -> None:
    assert (set(PATHS), set(VERBS), set(EVENTS)) == (FILING.states, FILING.verbs, FILING.verbs)


@ONE_DATABASE
@pytest.mark.parametrize("status", sorted(PATHS))
def test_every_state_and_verb(database: Database, activity: Filing, status: str) -> None:
    filing = brought_to(database, activity, status)
    assert filing.status == status
    allowed = {m.verb for m in FILING.moves if m.state == status}
    for verb in sorted(FILING.verbs - allowed):
        with pytest.raises(WrongState):
            VERBS[verb](database, filing, None)
    for verb in sorted(allowed):
        role = FILING.move(status, verb).role
        strangers = [NOBODY, ADMINISTRATOR, AUDITOR, OFFICER if role == "compliance_officer" else COMPLIANCE]
        for stranger in strangers if role else [OFFICER, COMPLIANCE]:
            with pytest.raises(NotPermitted):
                VERBS[verb](database, filing, stranger)


@pytest.mark.parametrize(("status", "verb"), sorted((m.state, m.verb) for m in FILING.moves))
def test_every_move_is_told_with_its_clause(database: Database, activity: Filing, status: str, verb: str) -> None:
    filing = brought_to(database, activity, status)
    move = FILING.move(status, verb)
    if verb == "accept":
        accept(database, filing)
    else:
        VERBS[verb](database, filing, None)
    with database.read() as view:
        moves = [e for e in view.all(select(event).order_by(event.c.seq)) if e.kind == EVENTS[verb]]
        now = store.load_filing(view, filing.id).status
    assert now == ("valid" if verb == "accept" else move.target)
    assert moves[-1].subject == filing.id
    assert f'"move":{{"clause":"N45-6a","from":"{status}","to":"{move.target}","verb":"{verb}"}}' in moves[-1].body
    assert "OTA-2026-17" not in moves[-1].body


def test_the_author_neither_signs_off_nor_records_the_acceptance(database: Database, activity: Filing) -> None:
    actions.complete(database, OFFICER, activity.id)
    with pytest.raises(NotPermitted) as caught:
        actions.sign_off(database, OFFICER, activity.id)
    assert caught.value.error_code == "four_eyes"
    assert actions.sign_off(database, SECOND, activity.id).signed_by == SECOND.id
    actions.submit(database, OFFICER, activity.id, "2026-03-02")
    paper = receipt_of(database, activity)
    with pytest.raises(NotPermitted) as caught:
        actions.accept(database, OFFICER, activity.id, **RECEIPT, document_sha256=paper)
    assert caught.value.error_code == "four_eyes"
    assert accept(database, activity, document_sha256=paper).approver == SECOND.id


def test_a_receipt_names_a_document_of_this_very_filing_that_is_stored(
    database: Database, type_id: TypId, activity: Filing
) -> None:
    submit(database, activity)
    other = papers.drafted(database, OFFICER, "miit_type", Scope((type_id,)))
    foreign, letter = receipt_of(database, other), papers.kept(b"letter").sha256
    for sha256 in (OTHER, foreign, letter):
        with pytest.raises(Refused) as caught:
            accept(database, activity, document_sha256=sha256)
        assert caught.value.error_code == "receipt.not_stored"


def test_changing_a_signed_paper_voids_the_signature(database: Database, activity: Filing) -> None:
    papers.signed(database, OFFICER, SECOND, activity)
    with pytest.raises(WrongState):
        actions.revise(database, OFFICER, activity.id, facts={"activity": {"purpose": "another"}})
    reopened = actions.reopen(database, OFFICER, activity.id)
    assert (reopened.status, reopened.signed_by) == ("draft", None)
    revised = actions.revise(database, OFFICER, activity.id, facts={"activity": {"purpose": "another", "name": None}})
    assert revised.facts["activity"]["purpose"] == "another"
    with pytest.raises(Incomplete, match=r"miit_activity\.activity_name") as caught:
        actions.complete(database, OFFICER, activity.id)
    assert [finding.text.zh for finding in caught.value.findings] == ["缺少「活动名称」。"]


def test_the_database_itself_holds_the_four_eyes_and_the_receipt(database: Database, activity: Filing) -> None:
    with database.read() as view:
        known = dict(view.first(select(store.filing))._mapping)  # type: ignore[union-attr]  # there is one
    row = {**known, "id": "FIL-01ARZ3NDEKTSV4RRFFQ69G5FAV"}
    whole = {"approver": SECOND.id, "signed_by": SECOND.id, "status": "valid"}
    for changes in (whole, {**whole, "approver": OFFICER.id}, {"signed_by": OFFICER.id}, {"status": "submitted"}):
        with pytest.raises((Refused, NotPermitted)), database.begin(SYSTEM) as work:
            work.connection.execute(insert(store.filing).values({**row, **changes}))
    with pytest.raises(NotPermitted, match="author"), database.begin(SYSTEM) as work:
        work.connection.execute(insert(store.filing).values({**row, "approver": OFFICER.id}))


def test_only_the_author_rewrites_a_filing(database: Database, activity: Filing) -> None:
    with pytest.raises(NotPermitted, match="author"):
        actions.revise(database, SECOND, activity.id, package_sha256="00" * 32)
    assert actions.revise(database, OFFICER, activity.id, package_sha256="00" * 32).scope.package_sha256 == "00" * 32
    returned = brought_to(database, activity, "returned")
    with pytest.raises(NotPermitted, match="author"):
        actions.amend(database, SECOND, returned.id)
    with pytest.raises(WrongState):
        actions.revise(database, OFFICER, returned.id, package_sha256=PACKAGE)
    amended = actions.amend(database, OFFICER, returned.id, planned_release="2026-04-01")
    assert (amended.status, amended.submitted_on, amended.scope.planned_release) == ("draft", None, "2026-04-01")


@ONE_DATABASE
@pytest.mark.parametrize("kind", sorted(FilingKind))
def test_a_paper_without_what_its_kind_needs_is_not_complete(database: Database, kind: str) -> None:
    made = actions.draft(database, OFFICER, kind, Scope())
    with pytest.raises(Incomplete) as caught:
        actions.complete(database, OFFICER, made.id)
    codes = {finding.code for finding in caught.value.findings}
    form = FORMS[FilingKind(kind)]
    assert all(code.startswith(f"{kind}.") for code in codes)
    assert (f"{kind}.scope.vehicle_type_ids" in codes) == form.needs_vehicle_types
    assert (f"{kind}.scope.package_sha256" in codes) == form.needs_package
    assert (f"{kind}.scope.subject" in codes) == form.needs_subject
    assert all(finding.text.zh and finding.text.en and finding.fix.zh for finding in caught.value.findings)


@ONE_DATABASE
@pytest.mark.parametrize("kind", sorted(FilingKind))
def test_every_kind_goes_through_the_one_life_cycle(database: Database, type_id: TypId, kind: str) -> None:
    """A paper that lasts is valid in the end, a report closed; each authority has one of its own."""
    form = FORMS[FilingKind(kind)]
    values = {type_id: {"speed": "130"}} if form.needs_values else None
    scope = Scope((type_id,), None, PACKAGE, None, values)
    made = papers.drafted(database, OFFICER, kind, scope)
    with database.read() as view:
        group = store.list_filings(view, group_id=made.group_id)
    assert {one.authority for one in group} == set(form.authorities)
    for one in group:
        papers.attach_all(database, OFFICER, one.id, one.facts)
    for one in group:
        found = accept(database, submit(database, one))
        assert found.status == ("valid" if form.lasts else "closed")


def test_the_table_of_kinds_says_what_the_forms_say() -> None:
    forms = load_forms()
    assert set(map(str, FORMS)) == set(forms)
    for kind, form in FORMS.items():
        assert tuple(map(str, form.authorities)) == forms[kind].authority
        assert form.clause in forms[kind].cites


def test_a_change_permit_carries_values_for_each_vehicle_type(database: Database, type_id: TypId) -> None:
    permit = papers.drafted(database, OFFICER, "miit_change_permit", Scope(vehicle_type_ids=(type_id,)))
    with pytest.raises(Incomplete, match="parameter_values"):
        actions.complete(database, OFFICER, permit.id)
    for values, error in (
        ({type_id: {"ghost": "1"}}, Unusable),
        ({type_id: {"speed": 1.5}}, Unusable),
        ({"TYP-01ARZ3NDEKTSV4RRFFQ69G5FAV": {"speed": "1"}}, Unusable),
    ):
        with pytest.raises(error):
            actions.revise(database, OFFICER, permit.id, parameter_values=values)
    revised = actions.revise(database, OFFICER, permit.id, parameter_values={type_id: {"speed": "130.0"}})
    assert revised.scope.parameter_values == {type_id: {"speed": "130"}}
    accept(database, submit(database, revised))
    with database.read() as view:
        granted = actions.change_permit(view, type_id, {"speed": "130"})
        assert granted is not None
        assert granted.id == permit.id
        for after in ({"speed": "131"}, {"speed": "130", "odc": "x"}, {}):
            assert actions.change_permit(view, type_id, after) is None
        assert actions.change_permit(view, "TYP-0", {"speed": "130"}) is None
        body = view.scalar(select(event.c.body).where(event.c.kind == "filing.accepted"))
    assert '"has_values":true' in body


def test_wrong_facts_are_told(database: Database, type_id: TypId, activity: Filing) -> None:
    for call, error in (
        (lambda: actions.draft(database, OFFICER, "letter", Scope()), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope((TypId("TYP-0"),))), NotFound),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(package_sha256="xy")), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(release_id="CMP-1")), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(planned_release="soon")), Malformed),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(parameter_values={})), Unusable),
        (lambda: actions.draft(database, COMPLIANCE, "miit_type", Scope()), NotPermitted),
        (lambda: actions.revise(database, OFFICER, activity.id, status="accepted"), Unusable),
        (lambda: actions.revise(database, OFFICER, activity.id, facts={"mass": 1.5}), Unusable),
        (lambda: actions.revise(database, OFFICER, activity.id, facts={"text": "x" * (1 << 20)}), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(), subject=("Crash", "1")), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(), authority=Authority.SAMR), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(), beside=FilId("FIL-0")), NotFound),
        (lambda: actions.draft(database, OFFICER, "miit_activity", Scope(), amends=activity.id), Refused),
        (lambda: actions.submit(database, OFFICER, FilId("FIL-0"), "2026-03-02"), NotFound),
    ):
        with pytest.raises(error):
            call()
    papers.signed(database, OFFICER, SECOND, activity)
    for day, error in (("2026-03-03", Unusable), ("2 March", Malformed)):
        with pytest.raises(error):
            actions.submit(database, OFFICER, activity.id, day)
    submitted = actions.submit(database, OFFICER, activity.id, "2026-03-02")
    for facts, error in (
        ({"receipt_number": " "}, Unusable), ({"receipt_date": "2026-03-01"}, Unusable),
        ({"receipt_date": "2026-03-03"}, Unusable), ({"document_sha256": "AB" * 32}, Unusable),
        ({"valid_until": "2026-03-01"}, Unusable),
    ):  # fmt: skip
        with pytest.raises(error):
            accept(database, submitted, **facts)
    with pytest.raises(Unusable, match="remark"):
        actions.send_back(database, OFFICER, submitted.id, "")
    with database.read() as view:
        assert store.load_filing(view, activity.id) == submitted


def test_the_day_is_the_one_in_beijing(database: Database, activity: Filing) -> None:
    papers.signed(database, OFFICER, SECOND, activity)
    database.time.moment = database.time.moment.replace(day=2, hour=17)  # 01:00 of the next day in Beijing
    assert actions.submit(database, OFFICER, activity.id, "2026-03-03").submitted_on == "2026-03-03"


def test_the_package_is_delivered_once_after_the_form(database: Database, activity: Filing) -> None:
    with pytest.raises(WrongState):
        actions.deliver_package(database, OFFICER, activity.id, "2026-03-02")
    submit(database, activity)
    with pytest.raises(NotPermitted):
        actions.deliver_package(database, AUDITOR, activity.id, "2026-03-02")
    assert actions.deliver_package(database, OFFICER, activity.id, "2026-03-02").package_delivered_on == "2026-03-02"
    with pytest.raises(Refused, match="already"):
        actions.deliver_package(database, OFFICER, activity.id, "2026-03-02")
