"""What happens in a company until every table holds something and every life cycle has been walked.

Vehicles by number: 0 and 1 run the new software, 2 failed and later cancels another update, 3 downloads under a
renewed lease, 4 installs, 5 never called, 6 tells of itself and is cancelled before it began; 20 to 22 are of the
model whose filing was withdrawn; 30 brought its own keys.
"""

import io
from datetime import timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roadworthy.accounts import actions as accounts
from roadworthy.admission import actions as admission
from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns.model import Campaign, Said
from roadworthy.clocks import actions as clocks
from roadworthy.clocks.delivery import Deliverer, Inbox
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.store import messages
from roadworthy.couriers.interface import Evidence, Handed, PktId, Unsure
from roadworthy.couriers.outgoing import Dispatcher
from roadworthy.database import Actor
from roadworthy.device.manifests import accept_manifest
from roadworthy.filings import actions as filings
from roadworthy.filings.model import Scope
from roadworthy.fleet import actions as fleet
from roadworthy.fleet.model import Report
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.time import beijing_date
from roadworthy.products import actions as products
from roadworthy.releases import actions as releases
from roadworthy.releases.model import Release
from roadworthy.rulebook import actions as rulebook
from roadworthy.rulebook.model import Meaning, Mode
from tests import papers
from tests.clocks.plans import RECIPE, begin, plan
from tests.company import LEASE_HOURS, Company, vehicle_rows, vin
from tests.couriers.lines import Say, queue, sent
from tests.couriers.world import Shelf, packet
from tests.rulebook.packs import SHIPPED, text_of
from tests.tampering import registry

DOWNLOADING = Said("download", "none", ("half of it",))


def live(company: Company) -> None:
    """Let everything happen that can happen, with the worker ticking in between."""
    chapters = (_offices, _law, _registries, _papers, _releases, _first_update, _many_campaigns, _withdrawal, _duties)
    for chapter in (*chapters, _packets):
        chapter(company)
        company.later()
        company.tick()


def _offices(company: Company) -> None:
    database, administrator = company.database, company.people["administrator"]
    made = accounts.add_person(database, administrator, "Somebody Else", ["auditor"])
    accounts.grant_role(database, administrator, made.id, "incident_officer")
    accounts.revoke_role(database, administrator, made.id, "auditor")
    token, secret = accounts.issue_token(database, administrator, made.id, "laptop")
    accounts.sign_in(database, secret)
    accounts.issue_token(database, administrator, made.id, "build", company.time.now() + timedelta(days=1))
    accounts.revoke_token(database, administrator, token.id)
    accounts.deactivate(database, administrator, made.id)


def _law(company: Company) -> None:
    """Versions of the company's own pack in every state: signed, on trial, in force and replaced, refused."""
    database, administrator = company.database, company.people["administrator"]
    counsel, second = company.people["compliance"], company.people["manager"]
    rulebook.adopt(database, SHIPPED)

    def signed(version: str, **how: str) -> str:
        company.later()
        digest = rulebook.import_pack(database, administrator, text_of(version=version, **how)).digest
        rulebook.submit(database, administrator, digest)
        for person in (counsel, second):
            rulebook.sign(database, person, digest)
        return digest

    def activated(digest: str, mode: Mode) -> None:
        made = rulebook.propose(database, counsel, digest, mode)
        company.later()
        rulebook.confirm(database, second, made.id)
        rulebook.settle(database)

    for version in ("1.1.0", "1.2.0"):
        activated(signed(version), Mode.IN_FORCE)
    trial = signed("0.1.0", pack="company.trial")
    activated(trial, Mode.SHADOW)
    rulebook.withdraw(database, counsel, rulebook.propose(database, counsel, signed("1.3.0"), Mode.IN_FORCE).id)
    ended = signed("0.1.0", pack="company.ended")
    activated(ended, Mode.SHADOW)
    rulebook.retire(database, counsel, ended)
    rulebook.settle(database)
    rulebook.import_pack(database, administrator, text_of(version="1.4.0"))
    refused = rulebook.import_pack(database, administrator, text_of(version="1.5.0")).digest
    rulebook.submit(database, administrator, refused)
    rulebook.sign(database, counsel, refused, Meaning.REFUSE, "wrong clause")


def _registries(company: Company) -> None:
    database, officer, administrator = company.database, company.people["officer"], company.people["administrator"]
    type_id, ecus = company.ecus_of("EX2")
    products.amend_vehicle_type(database, officer, type_id, name="Example Two")
    products.amend_ecu(database, officer, ecus[0], supplier="Other Electronics")
    products.amend_parameter(database, officer, "ivi.theme", label=Text("主题", "theme"))
    products.retire(database, officer, type_id)
    products.reinstate(database, officer, type_id)
    admission.register_values(database, officer, type_id, {"ivi.theme": "dusk"}, ground="announcement", reference="399")
    fleet.import_vehicles(database, administrator, vehicle_rows(range(30, 31)))
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    rows = io.BytesIO(f"vin,ecu,serial,public_key\n{vin(30)},ADCU,OWN-1,{key}\n".encode())
    fleet.import_ecus(database, administrator, rows)
    car = company.vehicle(6)
    fleet.amend_vehicle(database, administrator, car.id, province="Other Province")
    actor = campaigns.vehicle_actor(car)
    fleet.record_attributes(database, actor, car.id, "merge", {"os": "4.1", "odometer": "1200"})
    fleet.record_attributes(database, actor, car.id, "merge", {"odometer": "1300"})
    with database.begin(actor) as work:
        serial = next(ecu.serial for ecu in company.secrets[car.vin].ecus)
        fleet.record_report(work, car.id, [Report(serial, "x7/0.9/x7.img", sha256(b"0.9").hexdigest(), "0.9")])


def _papers(company: Company) -> None:
    database, officer = company.database, company.people["officer"]
    type_id, _ = company.ecus_of("EX1")
    grant = Scope((type_id,), parameter_values={type_id: {"speed_max": "130"}})
    company.file("miit_change_permit", grant)
    made = company.file("recall_plan", Scope((type_id,)), upto="draft")
    filings.revise(database, officer, made.id, planned_release="2026-06-01")
    reopened = company.file("recall_plan", Scope((type_id,)), upto="draft")
    papers.signed(database, officer, company.people["second"], reopened)
    filings.reopen(database, officer, reopened.id)
    filings.drop(database, officer, reopened.id, "another plan serves")
    returned = company.file("recall_plan", Scope((type_id,)), upto="submit")
    filings.send_back(database, officer, returned.id, "name the plant")
    refused = company.file("recall_plan", Scope((type_id,)), upto="submit")
    filings.refuse(database, officer, refused.id, "not a recall")
    amended = company.file("recall_plan", Scope((type_id,)), upto="submit")
    filings.send_back(database, officer, amended.id, "name the day")
    filings.amend(database, officer, amended.id, planned_release="2026-07-01")
    waiting = company.file("samr_record", Scope((type_id,), package_sha256="0" * 64), upto="draft")
    day = beijing_date(company.time.now()).isoformat()
    papers.submitted(database, officer, company.people["second"], waiting, day)
    filings.deliver_package(database, officer, waiting.id, day)


def _releases(company: Company) -> None:
    company.draft_release("draft", "0.1")
    other = company.release("other", "2.0.0")
    releases.withdraw(company.database, company.people["manager"], other.id)
    company.later()
    registry.keep(company, other)
    sent = company.draft_release("unfinished", "0.1")
    try:
        releases.submit(company.database, company.people["engineer"], sent.id)
    except Refused:
        return
    raise AssertionError("a release without a package was submitted")


def _first_update(company: Company) -> None:
    """One campaign over all EX1 that runs, with vehicles at every stage of it."""
    database, release = company.database, company.release("x7", "1.0.0")
    company.later()
    running = company.campaign("everybody", release, [50, 50])
    campaigns.advance(database, company.people["manager"], company.regime, running.id, LEASE_HOURS)
    company.tick()
    offers = {n: campaigns.contact(database, company.vehicle(n)) for n in (0, 1, 2, 3, 4)}
    company.tick()
    for number in (0, 1):
        attest(company, number, release, counter=1)
    failed = company.manifest(2, sha256(b"old").hexdigest(), path="old", counter=1, failed=offers[2].assignment.id)
    accept_manifest(database, company.vehicle(2), failed)
    for number, verb, word in ((3, "retrieve", None), (3, "download", DOWNLOADING), (4, "install", DOWNLOADING)):
        campaigns.report(database, company.vehicle(number), offers[number].action.number, verb, word)
    company.later(hours=13)
    assert campaigns.renew(database, company.regime, LEASE_HOURS) == 1
    assert campaigns.contact(database, company.vehicle(3)).is_live


def attest(company: Company, number: int, release: Release, counter: int) -> None:
    package = release.package
    manifest = company.manifest(number, package.sha256, path=package.path, counter=counter)
    accept_manifest(company.database, company.vehicle(number), manifest)


def _many_campaigns(company: Company) -> None:
    """Campaigns in every other state; `stopped` is met by a vehicle in the middle of its update."""
    database, manager = company.database, company.people["manager"]
    release = company.release("x7", "1.1.0", speed_max="130")
    company.later()

    def run(name: str, numbers: list[int], **how: bool) -> Campaign:
        return company.campaign(name, release, [100], vins=[vin(n) for n in numbers], **how)

    run("approved", [5], start=False)
    plan = campaigns.Plan("draft", release.id, [10, 90], {"provinces": ["Example Province"]}, (), ("staff", "all"))
    campaigns.create(database, company.people["engineer"], plan)
    campaigns.pause(database, manager, run("paused", [0]).id)
    resumed = run("resumed", [1])
    campaigns.pause(database, manager, resumed.id)
    campaigns.resume(database, manager, company.regime, resumed.id, LEASE_HOURS)
    campaigns.complete(database, manager, run("completed", [6]).id)
    stopped = run("stopped", [2, 6])
    offers = [campaigns.contact(database, company.vehicle(n)) for n in (2, 6)]
    campaigns.report(database, company.vehicle(2), offers[0].action.number, "download")
    campaigns.stop(database, manager, stopped.id)
    campaigns.report(database, company.vehicle(2), offers[0].action.number, "confirm_cancel")


def _duties(company: Company) -> None:
    """Clocks in every state, some of whose reminders were given, one of them seen."""
    database, start = company.database, company.time.now()
    ids = [begin(database, plan(start, 24, f"CMP-{n}", roles=("auditor",), known_at=start)) for n in range(4)]
    with database.begin(company.people["officer"]) as work:
        clocks.satisfy(work, ids[0], start, "FIL-1")
        clocks.cancel(work, ids[1], "the campaign was stopped before it began")
        clocks.correct(work, ids[2], plan(start, 48, "CMP-2", recipe=RECIPE, alternative_due_at=start))
    company.later(hours=13)
    Poller(database).tick()
    Deliverer(database, [Inbox(database)]).tick()
    with database.read() as view:
        told = messages.list_notices(view, ["auditor"])
    clocks.see(database, Actor(company.people["administrator"].id, frozenset({"auditor"})), told[0].id)


def _packets(company: Company) -> None:
    """Packets on their way: one waits for a channel, the others are sent, handed over, and of one nobody knows."""
    database, shelf, time = company.database, Shelf(), company.time
    said = [sent(time), Handed(Evidence("say:", time.now())), Unsure(Evidence("say:", time.now()), Text("原因", "why"))]
    for _ in said:
        queue(database, packet(shelf, packet_id=PktId.new(time.now())), "say")
    Dispatcher(database, shelf.open, {"say": Say(said)}).tick()
    queue(database, packet(shelf, packet_id=PktId.new(time.now())), "fax")


def _withdrawal(company: Company) -> None:
    """A paper under a running campaign is withdrawn: the worker holds the campaign; starting another is refused."""
    database = company.database
    release = company.release("y1", "1.0.0", "EX2")
    company.later()
    held = company.campaign("held", release, [100])
    waiting = company.campaign("never", release, [100], start=False)
    company.tick()
    with database.read() as view:
        types = {kind: filings.in_force(view, kind, company.ecus_of("EX2")[0]) for kind in ("miit_type",)}
    filings.withdraw(database, company.people["compliance"], types["miit_type"].id, "found to be wrong")
    company.tick()
    try:
        company.start(waiting)
    except campaigns.GateClosed:
        with database.read() as view:
            from roadworthy.campaigns import store

            assert store.get(view, held.id).status == "held"
        return
    raise AssertionError("a campaign was started without its paper")
