"""The console's papers over HTTP: who may, four eyes said beforehand, hostile text, packets in doubt."""

from dataclasses import dataclass

import pytest

from roadworthy.couriers.interface import Evidence, Unsure
from roadworthy.couriers.outgoing import Dispatcher
from roadworthy.filings import actions, store, web
from roadworthy.filings.model import Authority, Role, Scope
from roadworthy.filings.web import shown
from roadworthy.kernel.decision import Text
from roadworthy.products import actions as products
from roadworthy.settings import Settings
from roadworthy.storage import ArtifactStore
from roadworthy.webui.console import install_console
from tests import papers

from .app import AUDITOR, COMPLIANCE, NOBODY, OFFICER, SECOND, client

HTML = {"accept": "text/html", "accept-language": "en"}
MARKUP = "<script>alert(1)</script>"
PACKAGE = "ab" * 32


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@dataclass
class Desk:
    """The room behind its pages, over channels of one kind."""

    database: object
    artifacts: ArtifactStore
    couriers: dict
    settings: Settings

    def as_(self, actor):
        http = client(self.database, actor, web.router, web.console)
        install_console(http._app)
        state = http._app.state
        state.sign_in = state.sign_out = None
        state.artifacts, state.couriers, state.settings = self.artifacts, self.couriers, self.settings
        return http

    def page(self, actor, path):
        found = self.as_(actor).get(path, headers=HTML)
        assert found.status_code == 200, found.text
        return found.text

    def post(self, actor, one, verb, **fields):
        return self.as_(actor).post(f"/filings/{one.id}/{verb}", headers=HTML, data=fields).status_code

    def status(self, one):
        with self.database.read() as view:
            return store.load_filing(view, one.id).status

    def work(self):
        Dispatcher(self.database, self.artifacts.open, self.couriers).tick()


@pytest.fixture
def desk(database, tmp_path):
    artifacts = ArtifactStore(tmp_path / "artifacts")
    artifacts.put([papers.ATTACHED])
    channels = actions.open_channels(dict.fromkeys(Authority, "portal:"), artifacts, database.time, lambda _: "")
    return Desk(database, artifacts, channels, Settings(tmp_path, "", "http://127.0.0.1:1"))


@pytest.fixture
def enterprise(database):
    return papers.drafted(database, OFFICER, "miit_enterprise")


def sent(desk, one):
    papers.signed(desk.database, OFFICER, SECOND, one)
    assert desk.post(OFFICER, one, "send") == 303
    desk.work()


def packet_of(desk, one):
    with desk.database.read() as view:
        return actions.packet_of(view, store.load_filing(view, one.id))


def test_nobody_sees_papers_without_signing_in(desk, enterprise):
    for path in ("/filings", f"/filings/{enterprise.id}"):
        assert desk.as_(None).get(path, headers=HTML).status_code == 303
    assert desk.post(None, enterprise, "complete") == 303
    assert desk.status(enterprise) == "draft"


def test_the_code_on_a_form_leads_to_a_page(desk, enterprise):
    sent(desk, enterprise)
    form = packet_of(desk, enterprise).manifest["forms"][0]
    address, _, digest = form["code"].partition("#sha256=")
    assert len(digest) == 64
    assert enterprise.id in desk.page(AUDITOR, address.removeprefix("http://127.0.0.1:1"))


def test_a_paper_goes_its_way_by_buttons_and_a_portal(desk, enterprise):
    database = desk.database
    assert desk.post(OFFICER, enterprise, "complete") == 303
    assert desk.post(OFFICER, enterprise, "sign-off") == 403
    assert desk.post(SECOND, enterprise, "sign-off") == 303
    assert desk.post(OFFICER, enterprise, "send") == 303
    desk.work()
    page = desk.page(OFFICER, f"/filings/{enterprise.id}")
    assert "A person must send it" in page
    assert 'name="receipt_again" required' in page
    database.time.advance(hours=1)
    minute = {"at": database.time.now().strftime("%Y-%m-%dT%H:%M+00:00")}
    assert desk.post(OFFICER, enterprise, "confirm", receipt="A-17", receipt_again="A-71", **minute) == 422
    assert desk.post(OFFICER, enterprise, "confirm", receipt="A-17", receipt_again="A-17", **minute) == 303
    assert desk.status(enterprise) == "acknowledged"
    assert "upload it first" in desk.page(SECOND, f"/filings/{enterprise.id}")
    answer = {"receipt_number": "B-1", "receipt_date": database.time.now().date().isoformat()}
    answer["document_sha256"] = papers.receipt(database, OFFICER, enterprise.id)
    assert desk.post(OFFICER, enterprise, "accept", **answer) == 403
    assert "You are the author; another officer must take it down." in desk.page(OFFICER, f"/filings/{enterprise.id}")
    assert desk.post(SECOND, enterprise, "accept", **answer) == 303
    assert desk.status(enterprise) == "valid"
    page = desk.page(AUDITOR, f"/filings/{enterprise.id}")
    for said in ("B-1", "accepted by the authority", "packet handed to a person", "an attempt was refused"):
        assert said in page


def test_beijing_minutes_are_understood_as_a_browser_sends_them(desk, enterprise):
    papers.submitted(desk.database, OFFICER, SECOND, enterprise, "2026-03-01")
    desk.database.time.advance(days=2)
    assert desk.post(OFFICER, enterprise, "acknowledge", at="2026-03-02T09:30", number="E-1") == 303
    with desk.database.read() as view:
        known = store.load_filing(view, enterprise.id)
    assert known.acknowledged_at.isoformat() == "2026-03-02T01:30:00+00:00"
    assert "E-1" in desk.page(AUDITOR, f"/filings/{enterprise.id}")


def test_buttons_say_why_not_to_who_may_not(desk, enterprise):
    def why(actor, verb):
        page = desk.page(actor, f"/filings/{enterprise.id}")
        card = page.split(f'id="verb-{verb}"')[1].split("</details>")[0]
        return card.split("Not possible now.</strong>")[1].split("</p>")[0].strip() if "Not possible" in card else ""

    assert why(AUDITOR, "complete") == "This needs the role homologation officer."
    assert why(OFFICER, "complete") == ""
    desk.post(OFFICER, enterprise, "complete")
    assert why(OFFICER, "sign-off") == "You are the author; another officer must sign it off."
    assert why(SECOND, "sign-off") == ""
    for actor in (AUDITOR, COMPLIANCE, NOBODY):
        assert desk.post(actor, enterprise, "sign-off") == 403
        assert desk.post(actor, enterprise, "drop", reason="no") == 403


def test_what_is_missing_stands_beside_its_field(desk, database):
    facts = papers.facts_for(database, "miit_enterprise", Scope())
    part = next(name for name, value in facts.items() if isinstance(value, dict))
    made = papers.drafted(database, OFFICER, "miit_enterprise", facts={**facts, part: {}})
    page = desk.page(OFFICER, f"/filings/{made.id}")
    assert page.count("✕ ") >= 1
    assert "Something is still missing" in page
    assert desk.post(OFFICER, made, "complete") == 409


def test_papers_of_two_authorities_that_differ_say_so_and_cannot_be_signed(desk, database):
    made = products.add_vehicle_type(
        database, OFFICER, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
    )
    scope = Scope(vehicle_type_ids=(made.id,), package_sha256=PACKAGE, release_id="REL-01ARZ3NDEKTSV4RRFFQ69G5FAV")
    ours = papers.drafted(database, OFFICER, "miit_activity", scope)
    theirs = papers.drafted(database, OFFICER, "samr_record", scope, beside=ours.id)
    actions.revise(database, OFFICER, theirs.id, {"activity": {"purpose": "Another purpose"}})
    page = desk.page(SECOND, f"/filings/{ours.id}")
    assert "differs from" in page
    assert f"/filings/{theirs.id}" in page
    assert desk.post(OFFICER, ours, "complete") == 303
    assert "Something is still missing or differs" in desk.page(SECOND, f"/filings/{ours.id}")
    assert desk.post(SECOND, ours, "sign-off") == 409


def test_what_people_typed_stays_text(desk, database):
    made = products.add_vehicle_type(
        database, OFFICER, model_code="EX1", name=MARKUP, automation_level=2, licensed_manufacturer="Example"
    )
    facts = papers.facts_for(database, "samr_record", Scope(vehicle_type_ids=(made.id,), package_sha256=PACKAGE))
    facts["activity"] = {**facts["activity"], "purpose": MARKUP}
    one = papers.drafted(
        database, OFFICER, "samr_record", Scope(vehicle_type_ids=(made.id,), package_sha256=PACKAGE), facts=facts
    )
    actions.attach(database, OFFICER, one.id, Role.ATTACHMENT, papers.kept(papers.pdf("x"), f"{MARKUP}.pdf"))
    papers.submitted(database, OFFICER, SECOND, one, "2026-03-01")
    assert desk.post(OFFICER, one, "return", reason=MARKUP) == 303
    for path in ("/filings", f"/filings/{one.id}"):
        assert "<script>alert" not in desk.page(OFFICER, path)
    assert desk.page(OFFICER, f"/filings/{one.id}").count("&lt;script&gt;alert") >= 3


def test_a_packet_in_doubt_is_said_plainly_and_only_a_person_settles_it(desk, database, enterprise, monkeypatch):
    class Lost:
        channel, repeatable, asks = "portal:", False, False
        longest = desk.couriers["MIIT/miit_enterprise"].longest

        def send(self, packet, attempt):
            return Unsure(Evidence("api:", database.time.now()), Text("线路中断", "the line went dead"))

    monkeypatch.setitem(desk.couriers, "MIIT/miit_enterprise", Lost())
    sent(desk, enterprise)
    assert packet_of(desk, enterprise).status == "unsure"
    page = desk.page(OFFICER, f"/filings/{enterprise.id}")
    assert "Unknown: check with the authority" in page
    assert "Nobody here knows whether the authority has it." in page
    assert "check with the authority whether it arrived" in desk.page(OFFICER, "/filings")
    assert desk.post(OFFICER, enterprise, "return", reason="page 3") == 409
    assert desk.post(OFFICER, enterprise, "cancel", reason="x") == 409
    assert desk.post(AUDITOR, enterprise, "resend", reason="Called") == 403
    assert desk.post(OFFICER, enterprise, "resend", reason="Ms Li looked: it is not there") == 303
    assert packet_of(desk, enterprise).status == "waiting"
    assert desk.post(OFFICER, enterprise, "cancel", reason="by hand instead") == 303
    assert desk.status(enterprise) == "signed_off"
    assert desk.post(OFFICER, enterprise, "submit", day="2026-03-01") == 303


def test_the_list_filters_and_pages_the_newest_first(desk, database):
    made = [papers.drafted(database, OFFICER, "miit_enterprise") for _ in range(3)]
    database.time.advance(seconds=1)
    newest = papers.drafted(database, OFFICER, "nev_fire_basic")
    with database.read() as view:
        first, following = shown.rows(view, shown.Asked(), OFFICER, 2)
        rest, end = shown.rows(view, shown.Asked(after=following), OFFICER, 2)
    assert first[0].filing.id == newest.id
    assert {one.filing.id for one in (*first, *rest)} == {newest.id, *(one.id for one in made)}
    assert end == ""
    page = desk.page(AUDITOR, "/filings?kind=nev_fire_basic&status=draft")
    assert newest.id in page
    assert made[0].id not in page
    assert "No paper matches." in desk.page(AUDITOR, "/filings?status=valid")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/filings?status=lost", 400),
        ("/filings?kind=letter", 400),
        ("/filings/FIL-none", 400),
        ("/filings/FIL-01ARZ3NDEKTSV4RRFFQ69G5FAV", 404),
        (f"/filings?after={MARKUP}", 200),
    ],
)
def test_bad_addresses_are_answered_with_what_to_do(desk, path, status):
    assert desk.as_(AUDITOR).get(path, headers=HTML).status_code == status


def test_a_verb_that_papers_have_not_is_refused(desk, enterprise):
    assert desk.post(OFFICER, enterprise, "dance") == 422


def test_a_second_person_confirms_a_scan(desk, enterprise):
    actions.complete(desk.database, OFFICER, enterprise.id)
    scan = actions.attach(
        desk.database, OFFICER, enterprise.id, Role.SCAN, papers.kept(papers.pdf("scan"), "scan.pdf"), pages=1
    )
    assert "You stored it; another officer must confirm it." in desk.page(OFFICER, f"/filings/{enterprise.id}")
    assert desk.post(OFFICER, enterprise, f"documents/{scan.id}/confirm") == 403
    assert desk.post(SECOND, enterprise, f"documents/{scan.id}/confirm") == 303
    assert "confirmed by" in desk.page(AUDITOR, f"/filings/{enterprise.id}")
