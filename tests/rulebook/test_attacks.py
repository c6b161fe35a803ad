"""What a SQL shell cannot do to the law: one person alone, a changed text, a forged activation."""

from hashlib import sha256

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from roadworthy.database import View
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.time import to_text
from roadworthy.rulebook import actions, store
from roadworthy.rulebook.model import AdoId, Mode
from tests.rulebook.packs import SHIPPED
from tests.rulebook.test_rulebook import version_of


def run(book, statement):
    with book.database.engine.begin() as connection:
        connection.execute(statement)


def row_of(book, table):
    with book.database.read() as view:
        return dict(view.all(select(table))[-1]._mapping)


def approval(book, made, **changes):
    row = {
        "digest": made.digest, "person": book.counsel.id, "author": made.author, "role": "compliance_officer",
        "meaning": "approve", "remark": "", "salt": "0" * 32, "at": book.time.now(),
    }  # fmt: skip
    return insert(store.pack_approval).values(row | changes)


@pytest.fixture
def untouched(book):
    """Attacks are rolled back: nothing of them stays."""
    return book


def test_the_author_cannot_be_written_as_approver(untouched):
    made = untouched.brought_in()
    for lie in ({}, {"author": "USR-somebody"}):  # neither openly nor under another author's name
        with pytest.raises(IntegrityError):
            run(untouched, approval(untouched, made, person=made.author, **lie))


def test_nobody_signs_twice_and_no_role_is_filled_twice(untouched):
    made = untouched.brought_in()
    actions.sign(untouched.database, untouched.both, made.digest)
    with pytest.raises(IntegrityError):
        run(untouched, approval(untouched, made, person=untouched.both.id, role="release_manager"))
    with pytest.raises(IntegrityError):
        run(untouched, approval(untouched, made, person="USR-another"))


def test_a_signature_is_neither_changed_nor_removed(untouched):
    made = untouched.signed()
    for statement in ("UPDATE pack_approval SET meaning = 'refuse'", "DELETE FROM pack_approval"):
        with pytest.raises(IntegrityError, match="append-only"):
            run(untouched, text(statement))
    assert made.status == "approved"


@pytest.mark.parametrize("table", ["law_text", "law_adoption"])
def test_a_text_of_the_law_is_neither_changed_nor_removed(untouched, table):
    column = {"law_text": "content", "law_adoption": "files"}[table]
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match="append-only"):
            run(untouched, text(statement))


FORGED = {
    "no counsel": {"counsel": "USR-nobody"},
    "one person for both": {"second": "counsel"},
    "proposer confirms": {"confirmer": "counsel"},
    "nobody confirms": {"confirmer": None},
    "another pack": {"pack": "cn.n45"},
    "roles swapped": {"counsel_role": "release_manager"},
    "before it was confirmed": {"effective_from": "early"},
    "refused": {"meaning": "refuse"},
}


@pytest.mark.parametrize("lie", FORGED.values(), ids=FORGED.keys())
def test_an_activation_needs_two_approvals_and_two_people(untouched, lie):
    made = untouched.signed()
    now = untouched.time.now()
    row = {
        "id": "ACV-forged", "digest": made.digest, "pack": made.id, "mode": "in_force", "wanted_from": now,
        "proposer": untouched.counsel.id, "confirmer": untouched.second.id, "counsel": untouched.counsel.id,
        "counsel_role": "compliance_officer", "second": untouched.second.id, "second_role": "release_manager",
        "meaning": "approve", "status": "confirmed", "confirmed_at": now, "effective_from": now, "ended_at": None,
    }  # fmt: skip
    early = now.replace(year=now.year - 1)
    told = {name: untouched.counsel.id if value == "counsel" else value for name, value in lie.items()}
    told = {name: early if value == "early" else value for name, value in told.items()}
    with pytest.raises(IntegrityError):
        run(untouched, insert(store.pack_activation).values(row | told))


def test_a_version_whose_approval_is_missing_cannot_be_activated_by_its_status(untouched):
    made = untouched.brought_in()
    run(untouched, update(store.pack_version).values(status="approved"))
    with pytest.raises(Exception, match="Two people must have approved"):
        actions.propose(untouched.database, untouched.counsel, made.digest, Mode.IN_FORCE)
    run(untouched, update(store.pack_version).values(status="in_review"))


def test_an_activation_written_in_a_shell_changes_no_law(untouched):
    """Every constraint is kept, but no logged decision says so."""
    made = untouched.signed()
    proposed = actions.propose(untouched.database, untouched.counsel, made.digest, Mode.IN_FORCE)
    now = untouched.time.now()
    told = {"status": "confirmed", "confirmer": untouched.second.id, "confirmed_at": now, "effective_from": now}
    run(untouched, update(store.pack_activation).values(told))

    assert version_of(untouched.packs()) == "1.0.0"
    nothing = {"status": "proposed", "confirmer": None, "confirmed_at": None, "effective_from": None}
    run(untouched, update(store.pack_activation).values(nothing))
    assert proposed.status == "proposed"


def test_an_adoption_written_in_a_shell_changes_no_law(untouched):
    """Rows may be added by whoever writes to the database; without its logged event an adoption is no law."""
    before = untouched.packs().identities
    weak = SHIPPED["packs/cn/n45.yaml"].replace(b"status: approved", b"status: draft")
    known = row_of(untouched, store.law_adoption)
    name = sha256(weak).hexdigest()
    files = [file | {"sha256": name} if file["name"] == "packs/cn/n45.yaml" else file for file in known["files"]]
    made = AdoId.new(untouched.time.now())
    with untouched.database.engine.connect() as connection:
        connection.execute(insert(store.law_text).values(sha256=name, content=weak))
        connection.execute(insert(store.law_adoption).values(id=made, files=files, adopted_at=untouched.time.now()))
        view = View(connection, untouched.time.now())
        assert actions.packs_at(view).identities == before
        connection.rollback()


def test_a_moved_beginning_is_not_believed(untouched):
    from datetime import timedelta

    later = untouched.time.now() + timedelta(days=9)
    activation = untouched.activated(untouched.signed(), at=later)
    run(untouched, update(store.pack_activation).values(effective_from=activation.confirmed_at))

    assert version_of(untouched.packs()) == "1.0.0"
    run(untouched, update(store.pack_activation).values(effective_from=later))
    assert to_text(row_of(untouched, store.pack_activation)["effective_from"]) == to_text(later)


def test_an_imported_version_cannot_be_pointed_at_other_bytes_unseen(untouched):
    """The digest is that of the file's value: other bytes under it are another pack."""
    made = untouched.signed()
    other = untouched.brought_in(version="1.5.0")
    run(
        untouched,
        update(store.pack_version).where(store.pack_version.c.digest == made.digest).values(sha256=other.sha256),
    )
    with untouched.database.read() as view, pytest.raises(Broken, match="is not what was signed"):
        actions.candidate(view, made.digest)
    run(
        untouched,
        update(store.pack_version).where(store.pack_version.c.digest == made.digest).values(sha256=made.sha256),
    )
