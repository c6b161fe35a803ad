"""The console's law over HTTP: who may sign and confirm, four eyes, hostile text, and conditions in words."""

import pytest

from roadworthy.law.condition import AllOf, AnyOf, FactRef, Not, Test
from roadworthy.law.fields import PackRefused, Place
from roadworthy.rulebook import actions, rules, store
from roadworthy.rulebook.model import AdoId, Adoption, LawFile, Mode
from roadworthy.rulebook.web import deciding, shown
from roadworthy.rulebook.web.conditions import Words
from roadworthy.rulebook.web.console import console
from roadworthy.rulebook.web.rules_shown import due_words, shown_examples, shown_rules
from roadworthy.webui import mentions
from roadworthy.webui.console import install_console
from tests.conftest import START
from tests.rooms.app import client
from tests.rulebook.conftest import someone
from tests.rulebook.packs import COMPANY_ID, STRICT, text_of

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])
HTML = {"accept": "text/html", "accept-language": "en"}
MARKUP = b"<script>alert(1)</script>"


def as_(book, actor):
    http = client(book.database, actor, console)
    install_console(http._app)
    return http


def post(book, actor, path, **fields):
    return as_(book, actor).post(path, headers=HTML, data=fields)


def test_nobody_sees_law_without_signing_in(book):
    for path in ("/law", "/law/packs/cn.n45.ota-classes", "/law/versions/none"):
        assert as_(book, None).get(path, headers=HTML).status_code == 303


def test_a_version_goes_its_way_by_forms_and_nobody_acts_twice(book):
    made = actions.import_pack(book.database, book.author, text_of())
    where = f"/law/versions/{made.digest}"
    assert post(book, book.counsel, f"{where}/submit").status_code == 403
    assert post(book, book.author, f"{where}/submit").headers["location"] == where
    for who, status in ((book.author, 403), (book.counsel, 303), (book.counsel, 403), (book.second, 303)):
        assert post(book, who, f"{where}/sign").status_code == status
        book.time.advance(seconds=1)
    assert book.status(made.digest) == "approved"
    assert post(book, book.second, f"{where}/propose").status_code == 403
    assert post(book, book.counsel, f"{where}/propose", day="2020-01-01").status_code == 409
    assert post(book, book.counsel, f"{where}/propose", day="tomorrow").status_code == 400
    assert post(book, book.both, f"{where}/propose").status_code == 303
    with book.database.read() as view:
        proposal = store.activations(view, made.digest)[0]
    decide = f"/law/activations/{proposal.id}"
    for who, status in ((book.both, 403), (book.counsel, 403), (book.second, 303)):
        assert post(book, who, f"{decide}/confirm").status_code == status
    page = as_(book, book.counsel).get(f"/law/packs/{COMPANY_ID}", headers=HTML).text
    assert made.digest in page
    assert "confirmed by" in page


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/law/versions/none/sign", {}, 404),
        ("/law/versions/none/dance", {}, 422),
        ("/law/versions/none/retire", {}, 400),
        ("/law/activations/ACV-none/confirm", {}, 400),
        ("/law/activations/ACV-01ARZ3NDEKTSV4RRFFQ69G5FAV/dance", {}, 422),
        ("/law/activations/ACV-01ARZ3NDEKTSV4RRFFQ69G5FAV/confirm", {}, 404),
    ],
)
def test_bad_forms_are_answered_with_what_to_do(book, path, fields, status):
    assert post(book, book.author, path, **fields).status_code == status


def test_the_permits_of_the_law_in_force_are_listed(book):
    page = as_(book, book.counsel).get("/law", headers=HTML).text
    with book.database.read() as view:
        permits = actions.permits_at(view)
    assert permits
    for one in permits:
        assert one.model_code in page
        assert f"{one.speed_limit_kmh} km/h" in page


def test_pages_of_packs_that_are_not_there_are_not_found(book):
    for path in ("/law/packs/none", "/law/versions/none"):
        assert as_(book, book.counsel).get(path, headers=HTML).status_code == 404


def test_what_a_pack_says_stays_text(book):
    hostile = text_of("1.5.0", fix="Do " + MARKUP.decode()).replace(
        b"en: Company safety policy", b'en: "' + MARKUP + b'"'
    )
    made = actions.import_pack(book.database, book.author, hostile)
    page = as_(book, book.counsel).get(f"/law/versions/{made.digest}", headers=HTML).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 3


def test_a_refusal_says_why_and_ends_the_version(book):
    made = book.brought_in()
    where = f"/law/versions/{made.digest}"
    assert post(book, book.counsel, f"{where}/refuse").status_code == 422
    assert post(book, book.counsel, f"{where}/refuse", reason="<b>Too vague</b>").status_code == 303
    assert book.status(made.digest) == "retired"
    page = as_(book, book.second).get(where, headers=HTML).text
    assert "&lt;b&gt;Too vague" in page
    assert "/sign" not in page


def test_buttons_are_offered_to_those_who_may_and_say_why_not_to_others(book):
    made = book.brought_in()

    def offered(actor):
        with book.database.read() as view:
            given, known = store.approvals(view, made.digest), store.activations(view, made.digest)
            version = store.load_version(view, made.digest)
        waits = deciding.waiting(version, given, known, actor)
        verbs = {one.name: one.reason.en for one in deciding.verbs(version, given, known, actor)}
        return waits.mine, verbs["sign"]

    assert offered(book.counsel) == (True, "")
    assert offered(book.second) == (False, "This needs the role compliance officer.")
    assert offered(book.author) == (False, "You are the author of this pack; another person must sign.")
    actions.sign(book.database, book.both, made.digest)
    assert offered(book.both) == (False, "You have signed already; another person must give this one.")
    assert offered(book.counsel) == (False, "This needs the role release manager.")
    assert offered(book.second) == (True, "")


def test_what_a_trial_would_block_is_shown_as_coming(book):
    tried = book.signed_text(STRICT)
    book.activated(tried, Mode.SHADOW)
    later = book.signed(version="3.0.0")
    book.activated(later, at=book.time.now().replace(year=book.time.now().year + 1))
    with book.database.read() as view:
        known = shown.counting(view)
        found = [(one.key, one.title.en, one.trial, one.blocks) for one in shown.coming(view, known)]
    assert ("SAFETY-POLICY", "No weakening of driver monitoring", True, True) in found
    assert ("", "version 3.0.0", False, False) in found
    page = as_(book, book.counsel).get("/law", headers=HTML).text
    assert "would block already" in page


def test_a_version_that_fits_no_more_is_shown_with_the_reason(book, monkeypatch):
    made = book.brought_in()

    def refused(*_):
        raise PackRefused(Place("x.yaml"), "cites a clause that is gone", "引用的条款已不存在")

    monkeypatch.setattr("roadworthy.rulebook.web.console.actions.candidate", refused)
    page = as_(book, book.counsel).get(f"/law/versions/{made.digest}", headers=HTML)
    assert page.status_code == 200
    assert "cites a clause that is gone" in page.text


def test_a_clock_learns_how_well_its_rule_is_known(book):
    with book.database.read() as view:
        pack = next(one.pack for one in shown.counting(view) if one.pack.id == "cn.n45.incident-clocks")
        duty = pack.duties[0]
        now, before = (pack.id, pack.digest, duty.id), (pack.id, "0" * 64, duty.id)
        found = mentions.rules_of(view, {now, before, ("none", "none", "none")})
    assert found[now] == mentions.Standing(f"/law/packs/{pack.id}#rule-{duty.id}", "I", verified=False)
    assert found[before].replaced
    assert found["none", "none", "none"] == mentions.Standing()


def test_every_condition_of_every_pack_in_force_is_said_in_both_languages(book):
    with book.database.read() as view:
        known = shown.counting(view)
    for one in known:
        for rule in shown_rules(one.pack, one.packs):
            for part in rule.parts:
                _check(part.line)
        for example in shown_examples(one.pack, one.packs):
            assert all(name.zh and name.en for name, _ in example.given)


def _check(line):
    if not line.how:
        assert line.said.zh
        assert line.said.en
    for part in line.parts:
        _check(part)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Test("content_only_data", "eq", True), "data content only: yes"),
        (Test("content_only_data", "ne", True), "data content only: no"),
        (Test("delivery", "in", ["workshop", "cloud_only"]), "way of delivery is one of workshop, cloud_only"),
        (Test("enables_automation_level", "ge", 3), "highest automation level the upgrade enables is at least 3"),
        (
            Test("planned_release", "ge", FactRef("campaign_end")),
            "planned release day is not before “day of completion”",
        ),
        (Test("option.Q-15", "eq", "not_ota"), "reading of Q-15 is “not an upgrade”"),
        (Test("label.recall", "eq", True), "class “Removes a defect or reverts its remedy”: yes"),
        (Test("changed_parameters", "empty", True), "changed parameters is empty"),
        (Test("nobody.knows", "eq", "x"), "nobody.knows is x"),
        (AllOf((Test("content_only_data", "eq", True),)), "data content only: yes"),
    ],
)
def test_comparisons_are_said_with_the_labels_of_facts(book, condition, said):
    assert Words(book.packs()).line(condition).said.en == said


def test_lists_keep_how_their_parts_hang_together(book):
    one = Test("content_only_data", "eq", True)
    line = Words(book.packs()).line(AnyOf((Not(one), AllOf((one, one)))))
    assert (line.how, [part.how for part in line.parts]) == ("any", ["not", "all"])
    assert Words(book.packs()).line(AllOf(())).always


def test_due_times_are_said_in_words(book):
    with book.database.read() as view:
        duties = {duty.id: duty for one in shown.counting(view) for duty in one.pack.duties}
    assert due_words(duties["N45-INIT"].due).en == "within 24 hours after when it happened"
    assert due_words(duties["EIDC22-4c"].due).en == "within 5 working days after the end of the campaign"
    assert due_words(duties["EIDC22-4d"].due).en.startswith("every 6 months, until the end of the campaign")


def test_a_shipped_pack_counts_since_its_bytes_were_adopted_first(dialect):
    def adopted(day, text):
        at = START.replace(day=day)
        return Adoption(AdoId.new(at), (LawFile("a.yaml", text, "a"),), at)

    history = [adopted(1, "x"), adopted(2, "y"), adopted(3, "y")]
    assert rules.shipped_since(history, "a") == START.replace(day=2)
    assert rules.shipped_since(history, "b") is None
    assert rules.shipped_since([], "a") is None


def test_a_page_of_law_is_the_same_for_everybody_who_may_not_act(book):
    page = as_(book, someone(9)).get("/law", headers=HTML)
    assert page.status_code == 200
    assert "You can do this" not in page.text


def test_clocks_are_shown_although_the_law_cannot_be_read(database):
    rule = ("cn.n45.incident-clocks", "0" * 64, "N45-INIT")
    with database.read() as view:
        assert mentions.rules_of(view, {rule}) == {rule: mentions.Standing()}
