"""One person alone tries to be author and approver, on both databases."""

import contextlib
import threading
from contextlib import closing

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from roadworthy.accounts import actions as accounts
from roadworthy.accounts.model import Role
from roadworthy.campaigns import store as campaigns
from roadworthy.database import Actor, Database
from roadworthy.filings import actions as filings
from roadworthy.filings import store as filings_store
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.products import actions as products
from roadworthy.releases import actions as releases
from roadworthy.releases import store
from roadworthy.releases.model import RelId
from roadworthy.releases.rules import DECLARABLE, check_answer
from tests import papers

SYSTEM = Actor("system:tests")
BOTH = ("release_engineer", "release_manager", "homologation_officer", "safety_engineer", "compliance_officer")


def somebody(database: Database, name: str) -> Actor:
    """A person who holds every role that the way of a release needs."""
    person = accounts.add_person(database, SYSTEM, name, BOTH)
    return Actor(person.id, person.roles)


@pytest.fixture
def people(database: Database) -> tuple[Actor, Actor, Actor]:
    return somebody(database, "One"), somebody(database, "Two"), somebody(database, "Three")


def submitted(database: Database, author: Actor) -> RelId:
    """A release of `author` that waits for approval; package and papers do not matter here."""
    officer = Actor(author.id, frozenset({"homologation_officer"}))
    kind = products.add_vehicle_type(
        database, officer, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
    )
    ecu = products.add_ecu(database, officer, kind.id, name="A", hardware_id="hw", supplier="S", client_profile="tuf")
    made = releases.create(database, author, releases.Draft("x", "1", [kind.id], [ecu.id]))
    with database.begin(SYSTEM) as work:
        work.update(store.release, {"id": made.id}, {"status": "submitted"})
        work.record("release.submitted", made.id)
    return made.id


def test_all_roles_together_do_not_let_the_author_approve(database: Database, people) -> None:
    one, two, _ = people
    wanted = submitted(database, one)
    with pytest.raises(NotPermitted, match="own work"):
        releases.approve(database, one, wanted)
    with database.read() as view:
        assert store.get(view, wanted).status == "submitted"
    assert releases.approve(database, two, wanted).approver_id == two.id


def test_the_writer_of_a_paper_cannot_check_it(database: Database, people) -> None:
    one, two, _ = people
    wanted = submitted(database, one)
    paper = releases.attach_paper(database, one, wanted, "risk_assessment_done", "a.pdf", "0" * 64)
    with pytest.raises(NotPermitted, match="own work"):
        releases.check_paper(database, one, paper.id)
    assert releases.check_paper(database, two, paper.id).approver_id == two.id


def test_the_author_of_a_filing_neither_signs_it_off_nor_takes_down_its_receipt_nor_hands_it_over(
    database: Database, people
) -> None:
    one, two, _ = people
    made = papers.drafted(database, one, "miit_enterprise")
    filings.complete(database, one, made.id)
    with pytest.raises(NotPermitted):
        filings.sign_off(database, one, made.id)
    filings.sign_off(database, two, made.id)
    filings.submit(database, one, made.id, "2026-03-01")
    receipt = {"receipt_number": "1", "receipt_date": "2026-03-02", "document_sha256": "0" * 64}
    with pytest.raises(NotPermitted):
        filings.accept(database, one, made.id, **receipt)
    filings.send_back(database, two, made.id, "incomplete")
    with pytest.raises(NotPermitted):  # whoever rewrote it would be its real author
        filings.amend(database, two, made.id)


@pytest.mark.parametrize(
    ("table", "author"),
    [(store.release, "author_id"), (store.dossier_item, "author_id"), (filings_store.filing, "author"),
     (campaigns.campaign, "author_id")],
    ids=lambda value: getattr(value, "name", value),
)  # fmt: skip
def test_four_eyes_cannot_be_got_round_by_an_author_that_is_null(table, author: str) -> None:
    # `approver <> NULL` is unknown, and a CHECK lets the unknown pass
    assert not table.c[author].nullable


def test_four_eyes_hold_for_sql_that_changes_the_author_afterwards(database: Database, people) -> None:
    one, two, _ = people
    wanted = submitted(database, one)
    releases.approve(database, two, wanted)
    for changes in ({"author_id": two.id}, {"approver_id": one.id}, {"author_id": None}):
        with pytest.raises(IntegrityError), database.engine.begin() as connection:
            connection.execute(update(store.release).where(store.release.c.id == wanted).values(changes))


def test_of_two_approvals_at_the_same_moment_one_wins(database: Database, people) -> None:
    one, two, three = people
    wanted = submitted(database, one)
    start, won = threading.Barrier(2), []

    def approve(actor: Actor) -> None:
        with closing(Database(database.url.render_as_string(hide_password=False), database.time)) as own:
            start.wait(5)
            with contextlib.suppress(Refused):
                won.append(releases.approve(own, actor, wanted).approver_id)

    racers = [threading.Thread(target=approve, args=[actor]) for actor in (two, three)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(20)
    assert len(won) == 1
    with database.read() as view:
        assert store.get(view, wanted).approver_id == won[0]


# Facts that decide the gate and are not for a person to state.
COMPUTED = [
    "main_parameters_changed", "changed_parameters", "change_permit_granted", "released_hash_equals_filed", "filings",
    "target_models", "sold", "class", "tier", "vins_outside_filed_scope", "recall_plan_filed", "risk_assessment_done",
    "company_safety_policy", "performance_change", "performance_change.", "",
]  # fmt: skip


@pytest.mark.parametrize("fact", COMPUTED)
def test_nobody_states_a_computed_fact(fact: str) -> None:
    with pytest.raises(Unusable, match="computed"):
        check_answer(fact, True, frozenset(Role))


@pytest.mark.parametrize("value", [None, 0, 1, "true", [], {}, [True]])
def test_a_yes_or_no_is_nothing_else(value: object) -> None:
    with pytest.raises(Unusable, match="true, false"):
        check_answer("performance_change.safety", value, frozenset(Role))


def test_a_fact_is_for_the_role_that_can_know_it() -> None:
    for fact, (role, allowed) in DECLARABLE.items():
        with pytest.raises(NotPermitted):
            check_answer(fact, allowed[0], frozenset(Role) - {role})


def test_bytes_and_declarations_are_frozen_after_submission(database: Database, people) -> None:
    one, two, _ = people
    wanted = submitted(database, one)
    stored = releases.StoredFile("0" * 64, "0" * 40, "0" * 32, 1)
    for move in (None, releases.approve, releases.withdraw):
        if move is not None:
            move(database, two, wanted)
        for attempt in (
            lambda: releases.attach_package(database, one, wanted, "a.img", stored),
            lambda: releases.attach_sbom(database, one, wanted, SBOM, "0" * 64),
            lambda: releases.declare(database, one, wanted, "ECU-1", {"a": "1"}),
        ):
            with pytest.raises(Refused, match="frozen"):
                attempt()


SBOM = b'{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","name":"a"}]}'
