"""Which packs are in force: what is shipped, and what people have signed and activated in its place."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from roadworthy.database.schema import event
from roadworthy.kernel.errors import NotFound, NotPermitted, Refused, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.law import classify, load_packs
from roadworthy.rulebook import actions, rules, store
from roadworthy.rulebook.model import Meaning, Mode
from tests.law.support import NOW, facts
from tests.rulebook.packs import COMPANY, COMPANY_ID, SHIPPED, text_of

WEAK = facts(weakens_driver_monitoring=True, company_safety_policy=True)


def version_of(packs, pack=COMPANY_ID):
    return next(p.version for p in packs.packs if p.id == pack)


def kinds(database):
    with database.read() as view:
        return [row.kind for row in view.all(select(event.c.kind).order_by(event.c.seq))]


def test_the_shipped_packs_are_adopted_once_and_are_the_law(book):
    assert not actions.adopt(book.database, SHIPPED)
    assert kinds(book.database) == ["packs.adopted"]
    assert book.packs().identities == load_packs().identities


def test_before_anything_was_adopted_there_is_no_law(book):
    with pytest.raises(Refused, match="No law had been adopted"):
        book.packs(book.time.now() - timedelta(days=1))


def test_a_version_counts_from_its_moment_on_and_not_before(book):
    begins = book.time.now() + timedelta(days=2)
    book.activated(book.signed(), at=begins)

    assert version_of(book.packs(begins - timedelta(seconds=1))) == "1.0.0"
    assert version_of(book.packs(begins)) == "1.1.0"
    assert actions.settle(book.database) == 0, "its day has not come"
    book.time.advance(days=2)
    assert version_of(book.packs()) == "1.1.0", "the law does not wait for the worker"
    assert actions.settle(book.database) == 1
    assert actions.settle(book.database) == 0


def test_the_newer_version_supersedes_the_older(book):
    first = book.signed()
    book.activated(first)
    actions.settle(book.database)
    second = book.signed(version="1.2.0")
    book.activated(second)
    actions.settle(book.database)

    assert version_of(book.packs()) == "1.2.0"
    assert (book.status(first.digest), book.status(second.digest)) == ("superseded", "approved")
    with pytest.raises(WrongState):
        actions.propose(book.database, book.counsel, first.digest, Mode.IN_FORCE)


def test_a_new_pack_stands_beside_the_others(book):
    book.activated(book.signed(pack="company.other"))

    assert version_of(book.packs(), "company.other") == "1.1.0"
    assert version_of(book.packs()) == "1.0.0"


def test_an_old_decision_is_judged_again_with_its_own_packs_to_the_same_bytes(book):
    before = classify(WEAK, book.packs(), NOW).to_json()
    book.activated(book.signed(fix="Do something else"))
    actions.settle(book.database)
    after = classify(WEAK, book.packs(), NOW).to_json()
    newer = dict(SHIPPED) | {COMPANY: text_of(version="3.0.0")}
    book.time.advance(seconds=1)
    actions.adopt(book.database, newer)

    assert canonical(before) != canonical(after)
    for old in (before, after):
        with book.database.read() as view:
            packs = actions.packs_of(view, old["packs"])
        assert canonical(classify(WEAK, packs, NOW).to_json()) == canonical(old)


def test_packs_that_never_were_in_force_together_are_not_found(book):
    identities = [dict(row) for row in book.packs().identities]
    identities[0]["digest"] = "0" * 64
    with book.database.read() as view, pytest.raises(NotFound):
        actions.packs_of(view, identities)


def test_what_people_activated_outlives_what_a_later_release_ships(book):
    book.activated(book.signed())
    actions.adopt(book.database, dict(SHIPPED) | {COMPANY: text_of(version="1.0.5")})

    assert version_of(book.packs()) == "1.1.0"


def test_a_trial_changes_nothing_but_is_shown_beside_the_law(book):
    version = book.signed(version="2.0.0", pack="company.trial")
    book.activated(version, Mode.SHADOW)
    actions.settle(book.database)

    assert book.status(version.digest) == "shadow"
    assert book.packs().identities == load_packs().identities
    with book.database.read() as view:
        ((activation, candidate),) = actions.shadows(view)
        shown = [(one.pack.id, one.shadow) for one in actions.in_force(view) if one.activation]
    assert activation.digest == version.digest
    assert shown == [("company.trial", True)]
    assert [row["token"] for row in rules.shadow(WEAK, book.packs(), candidate, NOW)] == ["COMPANY-TRIAL"]
    book.activated(version)
    actions.settle(book.database)
    assert book.status(version.digest) == "approved"
    with book.database.read() as view:
        assert actions.shadows(view) == []


def test_a_trial_ends_with_its_version(book):
    version = book.signed(pack="company.trial")
    book.activated(version, Mode.SHADOW)
    actions.settle(book.database)
    actions.retire(book.database, book.counsel, version.digest)

    with book.database.read() as view:
        assert actions.shadows(view) == []
    assert actions.settle(book.database) == 1
    assert "activation.ended" in kinds(book.database)


def test_what_is_in_force_is_not_just_taken_away(book):
    version = book.signed()
    book.activated(version)
    with pytest.raises(Refused, match="in force or going to be"):
        actions.retire(book.database, book.counsel, version.digest)
    actions.settle(book.database)
    with pytest.raises(Refused, match="in force or going to be"):
        actions.retire(book.database, book.counsel, version.digest)


def test_a_version_never_changes(book):
    book.brought_in()
    with pytest.raises(rules.AlreadyThere):
        actions.import_pack(book.database, book.author, text_of(fix="Something else"))
    with pytest.raises(rules.AlreadyThere):
        actions.import_pack(book.database, book.author, text_of(version="1.0.0", fix="Not what is shipped"))


def test_a_pack_that_is_not_fit_is_not_brought_in(book):
    broken = text_of().replace(b"cites: [D25-1b, D25-1d]", b"cites: [NOWHERE]")
    with pytest.raises(Unusable, match="NOWHERE"):
        actions.import_pack(book.database, book.author, broken)
    with book.database.read() as view:
        assert store.versions(view) == []


def test_a_file_that_calls_itself_a_draft_is_not_activated(book):
    version = book.signed(status="draft")
    with pytest.raises(Refused, match="status: draft"):
        actions.propose(book.database, book.counsel, version.digest, Mode.IN_FORCE)


def test_the_law_does_not_change_in_the_past(book):
    version = book.signed()
    with pytest.raises(Refused, match="past"):
        actions.propose(book.database, book.counsel, version.digest, Mode.IN_FORCE, book.time.now() - timedelta(1))


def test_a_confirmation_that_comes_late_counts_from_then_on(book):
    proposed = actions.propose(
        book.database, book.counsel, book.signed().digest, Mode.IN_FORCE, book.time.now() + timedelta(hours=1)
    )
    book.time.advance(hours=5)
    confirmed = actions.confirm(book.database, book.second, proposed.id)

    assert confirmed.effective_from == confirmed.confirmed_at == book.time.now()


def test_two_changes_that_do_not_go_together_are_refused_before_they_meet(book):
    """Each is fit alone; both declare the same gate."""
    day = book.time.now() + timedelta(days=1)
    book.activated(book.signed(pack="company.one"), at=day)
    clash = text_of(pack="company.two").replace(b"COMPANY-TWO", b"COMPANY-ONE")
    made = actions.import_pack(book.database, book.author, clash)
    actions.submit(book.database, book.author, made.digest)
    for person in (book.counsel, book.second):
        actions.sign(book.database, person, made.digest)

    with pytest.raises(Unusable, match="COMPANY-ONE"):
        actions.propose(book.database, book.counsel, made.digest, Mode.IN_FORCE)


def test_a_refusal_says_why_and_ends_the_version(book):
    made = book.brought_in()
    with pytest.raises(Unusable):
        actions.sign(book.database, book.counsel, made.digest, Meaning.REFUSE)
    assert actions.sign(book.database, book.counsel, made.digest, Meaning.REFUSE, "wrong clause").status == "retired"
    with pytest.raises(WrongState):
        actions.sign(book.database, book.second, made.digest)


def test_the_second_may_decline(book):
    made = book.brought_in()
    actions.sign(book.database, book.counsel, made.digest)
    assert actions.sign(book.database, book.second, made.digest, Meaning.REFUSE, "not now").status == "retired"


def test_one_activation_at_a_time(book):
    version = book.signed()
    day = book.time.now() + timedelta(days=1)
    other = actions.propose(book.database, book.counsel, version.digest, Mode.SHADOW, day)
    book.activated(version, at=day)
    with pytest.raises(Refused, match="activated already"):
        actions.confirm(book.database, book.second, other.id)
    with pytest.raises(Refused, match="activated already"):
        actions.propose(book.database, book.counsel, version.digest, Mode.SHADOW, day)
    assert actions.withdraw(book.database, book.counsel, other.id).status == "withdrawn"


VERBS = {
    "submit": lambda book, digest: actions.submit(book.database, book.author, digest),
    "discard": lambda book, digest: actions.discard(book.database, book.author, digest),
    "sign": lambda book, digest: actions.sign(book.database, book.counsel, digest),
    "retire": lambda book, digest: actions.retire(book.database, book.both, digest),
    "propose": lambda book, digest: actions.propose(book.database, book.counsel, digest, Mode.IN_FORCE),
}
ALLOWED = {
    "draft": {"submit", "discard"},
    "in_review": {"sign"},
    "approved": {"retire", "propose"},
    "shadow": {"retire", "propose"},
    "superseded": set(),
    "retired": set(),
}


def a_version(book, state):
    if state == "draft":
        return actions.import_pack(book.database, book.author, text_of()).digest
    if state == "in_review":
        return book.brought_in().digest
    version = book.signed()
    if state == "shadow":
        book.activated(version, Mode.SHADOW)
    if state == "superseded":
        book.activated(version)
        actions.settle(book.database)
        book.activated(book.signed(version="1.2.0"))
    if state == "retired":
        actions.retire(book.database, book.counsel, version.digest)
    actions.settle(book.database)
    return version.digest


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", ALLOWED)
def test_every_verb_in_every_state(book, state, verb):
    digest = a_version(book, state)
    assert book.status(digest) == state
    if verb in ALLOWED[state]:
        VERBS[verb](book, digest)
    else:
        with pytest.raises(WrongState):
            VERBS[verb](book, digest)
        assert book.status(digest) == state


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_who_may(book):
    nobody = book.second
    with pytest.raises(NotPermitted):
        actions.import_pack(book.database, book.counsel, text_of())
    made = actions.import_pack(book.database, book.author, text_of())
    with pytest.raises(NotPermitted):
        actions.submit(book.database, book.counsel, made.digest)
    actions.submit(book.database, book.author, made.digest)
    with pytest.raises(NotPermitted, match="compliance_officer"):
        actions.sign(book.database, nobody, made.digest)
    actions.sign(book.database, book.counsel, made.digest)
    with pytest.raises(NotPermitted, match="release_manager"):
        actions.sign(book.database, book.counsel, made.digest)
    actions.sign(book.database, book.second, made.digest)
    with pytest.raises(NotPermitted):
        actions.propose(book.database, book.second, made.digest, Mode.IN_FORCE)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_four_eyes(book):
    made = book.brought_in()
    with pytest.raises(NotPermitted, match="author"):
        actions.sign(book.database, book.author, made.digest)
    actions.sign(book.database, book.both, made.digest)
    with pytest.raises(NotPermitted, match="signed this version already"):
        actions.sign(book.database, book.both, made.digest)
    with pytest.raises(NotPermitted, match="author"):
        actions.sign(book.database, book.author, made.digest)
    actions.sign(book.database, book.second, made.digest)
    proposed = actions.propose(book.database, book.both, made.digest, Mode.IN_FORCE)
    with pytest.raises(NotPermitted, match="proposed"):
        actions.confirm(book.database, book.both, proposed.id)
