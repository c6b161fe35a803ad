"""What the gate asks of filings: none, submitted or valid, for which vehicle types, packages and values."""

from datetime import date, timedelta

import pytest

from roadworthy.database import Actor, Database
from roadworthy.filings import actions, store
from roadworthy.filings.model import Filing, FilingKind, Scope
from roadworthy.filings.rules import covers, state_word
from roadworthy.kernel.errors import NotPermitted, Refused
from roadworthy.products.model import TypId
from tests import papers

from .app import COMPLIANCE, OFFICER
from .filed import OTHER, PACKAGE, accept, drafted_activity, one_type, submit

SYSTEM = Actor("system:worker")


@pytest.fixture
def type_id(database: Database) -> TypId:
    return one_type(database)


@pytest.fixture
def activity(database: Database, type_id: TypId) -> Filing:
    return drafted_activity(database, type_id)


def test_the_gate_sees_none_submitted_valid(database: Database, type_id: TypId, activity: Filing) -> None:
    def word(type_asked: str | None = type_id, package: str | None = PACKAGE) -> str:
        with database.read() as view:
            return actions.standing(view, FilingKind.MIIT_ACTIVITY, type_asked, package)[0]

    assert word() == "none"
    submit(database, activity)
    assert word() == "submitted"
    accept(database, activity, valid_until="2026-03-05")
    assert (word(), word(None, None), word("TYP-0"), word(package=OTHER)) == ("valid", "valid", "none", "none")
    with database.read() as view:
        assert actions.in_force(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE) is not None
        assert actions.in_force(view, FilingKind.SAMR_RECORD, type_id, PACKAGE) is None
    database.time.advance(days=4)
    assert word() == "none"  # it ended by itself, before anybody recorded it
    with database.read() as view:
        today = date(2026, 3, 6)
        assert store.ended_filings(view, today) == [activity.id]
        assert view.all(store.valid_select([activity.id], today)) == []
        assert [r.id for r in view.all(store.valid_select([activity.id]))] == [activity.id]
    with pytest.raises(NotPermitted):
        actions.expire(database, OFFICER, activity.id)
    actions.expire(database, SYSTEM, activity.id)
    with database.read() as view:
        assert view.all(store.valid_select([activity.id])) == []


def test_withdrawal_ends_force_at_once(database: Database, type_id: TypId, activity: Filing) -> None:
    accept(database, submit(database, activity))
    actions.withdraw(database, COMPLIANCE, activity.id, "wrong hash")
    with database.read() as view:
        assert actions.in_force(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE) is None
        assert view.all(store.valid_select([activity.id])) == []


def test_a_valid_filing_is_not_hidden_by_a_newer_submitted_one(
    database: Database, type_id: TypId, activity: Filing
) -> None:
    accept(database, submit(database, activity))
    database.time.advance(hours=1)
    submit(database, papers.drafted(database, OFFICER, "miit_activity", activity.scope))
    with database.read() as view:
        word, found = actions.standing(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE)
    assert found is not None
    assert (word, found.id) == ("valid", activity.id)


def test_an_enterprise_filing_covers_the_company(database: Database, type_id: TypId) -> None:
    made = actions.draft(database, OFFICER, "miit_enterprise", Scope())
    assert covers(made, type_id, PACKAGE)
    assert (state_word(None), state_word(made)) == ("none", "none")


def test_a_paper_takes_effect_on_its_first_day(database: Database, type_id: TypId, activity: Filing) -> None:
    accepted = accept(database, submit(database, activity), valid_from="2026-03-05", valid_until="2027-03-04")
    assert accepted.status == "accepted"
    assert actions.begin_due(database) == 0
    database.time.advance(days=3)
    with database.read() as view:
        assert actions.standing(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE)[0] == "submitted"
    assert (actions.begin_due(database), actions.begin_due(database)) == (1, 0)
    with database.read() as view:
        assert actions.standing(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE)[0] == "valid"


def test_an_amendment_replaces_the_paper_in_force_when_it_takes_effect(database: Database, activity: Filing) -> None:
    accept(database, submit(database, activity))
    newer = papers.drafted(database, OFFICER, "miit_activity", activity.scope, amends=activity.id)
    submit(database, newer)
    with database.read() as view:
        assert store.load_filing(view, activity.id).status == "valid"
    assert accept(database, newer).status == "valid"
    with database.read() as view:
        assert store.load_filing(view, activity.id).status == "amended"


def test_suspension_counts_as_none_until_it_is_lifted(database: Database, type_id: TypId, activity: Filing) -> None:
    accept(database, submit(database, activity))
    for verb, word in ((actions.suspend, "none"), (actions.resume, "valid")):
        verb(database, COMPLIANCE, activity.id, "review")
        with database.read() as view:
            assert actions.standing(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE)[0] == word


def test_a_permission_for_automated_driving_is_for_the_very_upgrade_and_model(
    database: Database, type_id: TypId
) -> None:
    release, other = (f"REL-01ARZ3NDEKTSV4RRFFQ69G5FA{n}" for n in "VW")

    def permitted(release_id: str, sha256: str | None, of: str = type_id) -> bool:
        with database.read() as view:
            return actions.ads_permit(view, of, release_id, sha256) is not None

    accept(database, submit(database, papers.drafted(database, OFFICER, "l3_permit", Scope((type_id,)))))
    assert not permitted(release, PACKAGE)  # it admitted the model, with whatever software it had
    named = papers.drafted(database, OFFICER, "l3_permit", Scope((type_id,), None, PACKAGE))
    submit(database, named)
    assert not permitted(release, PACKAGE)
    accept(database, named)
    assert permitted(release, PACKAGE)
    assert not permitted(release, OTHER)
    assert not permitted(release, PACKAGE, "TYP-01ARZ3NDEKTSV4RRFFQ69G5FAV")
    accept(database, submit(database, papers.drafted(database, OFFICER, "l3_permit", Scope((type_id,), release))))
    assert permitted(release, OTHER)
    assert not permitted(other, OTHER)


def test_expiry_waits_for_the_last_day(database: Database, activity: Filing) -> None:
    accept(database, submit(database, activity), valid_until="2026-03-02")
    with pytest.raises(Refused, match="not ended"):
        actions.expire(database, SYSTEM, activity.id)
    database.time.moment += timedelta(days=1)
    assert actions.expire(database, SYSTEM, activity.id).status == "expired"
