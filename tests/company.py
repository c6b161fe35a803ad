"""A company with a life behind it, made by the product's own actions in one process: no server, no socket.

    company = found(home, SetTime(...))      people, types, ECUs, parameters, vehicles, papers on file
    release = company.release("x7", "1.0.0") written, filed, approved
    company.tick()                           what the worker does once
    company.elsewhere(copy)                  the same people and keys over a copy of the data

Keys live in memory: opening encrypted files takes seconds. Both signers answer in this process, with their real
rules and their ledgers on the disk.
"""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roadworthy import law, reactions
from roadworthy.accounts import actions as accounts
from roadworthy.admission import actions as admission
from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns.model import Campaign
from roadworthy.database import Actor, Database, metadata
from roadworthy.database.migrate import upgrade
from roadworthy.director_signer.ledger import DirectorLedger
from roadworthy.director_signer.service import DirectorService
from roadworthy.filings.model import Filing, Scope
from roadworthy.fleet import actions as fleet
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import Provisioned, Vehicle
from roadworthy.gate_signer.ledger import GateLedger
from roadworthy.gate_signer.service import GateService
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import SetTime, beijing_date
from roadworthy.kernel.vin import Vin, check_digit
from roadworthy.products import actions as products
from roadworthy.products import store as products_store
from roadworthy.products.model import ParameterDefinition, ParameterType
from roadworthy.publishing import Publisher
from roadworthy.releases import actions as releases
from roadworthy.releases.actions import Regime, StoredFile
from roadworthy.releases.model import Release
from roadworthy.settings import Settings
from roadworthy.signing.canonical import Signature
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.store import publish_image_set
from roadworthy.storage import ArtifactStore
from roadworthy.transparency.making import Log
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.sequencer import Sequencer
from roadworthy.vehicle.manifest import vehicle_manifest
from roadworthy.vehicle.provisioning import Ecu, Provisioning
from roadworthy.vehicle.state import Installed, State
from tests import papers
from tests.conftest import PRODUCT_TABLES
from tests.signing.world import ImageWorld

LEASE_HOURS = 24
NAME = "Example Motor"
PEOPLE = {
    "engineer": ("release_engineer",),
    "manager": ("release_manager",),
    "safety": ("safety_engineer",),
    "compliance": ("compliance_officer",),
    "officer": ("homologation_officer",),
    "second": ("homologation_officer", "compliance_officer"),
    "recall": ("recall_manager",),
}
PAPERS = (
    ("risk_assessment_done", "safety", "compliance"),
    ("functional_safety_validated", "safety", "compliance"),
    ("test_evidence_complete", "engineer", "safety"),
    ("sums_records_complete", "engineer", "compliance"),
    ("notice_text_checked", "compliance", "manager"),
    ("verification_attached", "officer", "second"),
)
ANSWERS = (
    ("performance_change.safety", "officer", False),
    ("performance_change.environment", "officer", False),
    ("performance_change.energy", "officer", False),
    ("performance_change.anti_theft", "officer", False),
    ("defect_removed", "recall", "no"),
    ("open_defect_investigation", "recall", False),
    ("weakens_driver_monitoring", "safety", False),
    ("data_used_by_driving_automation", "safety", False),
)
HEADER = "vin,model_code,variant,sold,test_fleet,province,plant,built_on\n"


def vin(number: int) -> str:
    """Give the company's VIN of a number, with its check digit."""
    draft = f"LEX00000{0}A{number:07d}"
    return draft[:8] + check_digit(Vin(draft)) + draft[9:]


def vehicle_rows(numbers: range, model: str = "EX1") -> io.BytesIO:
    """Give an import file."""
    lines = [f"{vin(n)},{model},LR,true,false,Example Province,Plant {n % 2},2026-01-{n % 28 + 1:02d}" for n in numbers]
    return io.BytesIO((HEADER + "\n".join(lines) + "\n").encode())


@dataclass
class Company:
    """One installation in `home`. `people` are actors by the names of PEOPLE, `secrets` what vehicles were given."""

    home: Path
    url: str
    time: SetTime
    images: ImageWorld
    keys: dict[str, SigningKey]
    people: dict[str, Actor] = field(default_factory=dict)
    secrets: dict[str, Provisioned] = field(default_factory=dict)
    regime: Regime = field(default_factory=lambda: Regime(law.load_packs(), NAME, safety_policy=False))

    def __post_init__(self) -> None:
        self.database = Database(self.url, self.time, reaction_kinds=reactions.KINDS)
        self.artifacts = ArtifactStore(self.settings.artifacts)

    @property
    def settings(self) -> Settings:
        return Settings(self.home, self.url, "http://127.0.0.1:1", company=NAME)

    @property
    def log_vkey(self) -> str:
        return vkey_of(self.keys["log"])

    def elsewhere(self, home: Path, url: str = "") -> "Company":
        """Open the data in another folder; people, keys and the hour stay."""
        return replace(self, home=home, url=url or f"sqlite:///{home / 'roadworthy.db'}", time=SetTime(self.time.now()))

    def close(self) -> None:
        self.database.close()

    def later(self, **amount: float) -> None:
        """Let time pass; ids then sort as they were made."""
        self.time.advance(**(amount or {"seconds": 1}))

    # what the worker does

    def sequence(self) -> int:
        """Run the sequencer until nothing waits; give how many events it placed."""
        placed, sequencer = 0, Sequencer(self.database, self.settings.log, self.keys["log"])
        while found := sequencer.tick():
            placed += found
        return placed

    def react(self) -> int:
        return reactions.run_pending(reactions.Context(self.database, self.regime, LEASE_HOURS))

    def publish(self) -> bool:
        with self.signers() as (gate, director):
            return Publisher(self.database, Log(self.settings.log), self.keys, gate, director).tick()

    def tick(self) -> None:
        self.sequence()
        self.react()
        self.publish()
        self.sequence()

    @contextmanager
    def signers(self) -> Iterator[tuple["Near", "Near"]]:
        """Open both signers over their ledgers."""
        with ExitStack() as stack:
            gate_ledger = stack.enter_context(closing(GateLedger(self.settings.keys / "gate.state.json")))
            ledger = stack.enter_context(closing(DirectorLedger(self.settings.keys / "director-online.state.db")))
            gate = GateService(self.images.gate, self.log_vkey, gate_ledger, self.time)
            yield Near(gate), Near(DirectorService(self.keys["director-online"], self.log_vkey, ledger, self.time))

    # what people do

    def file(self, kind: str, scope: Scope | None = None, *, upto: str = "accept") -> Filing:
        """Take a filing as far as `upto`: draft, submit or accept."""
        day = (beijing_date(self.time.now()) - timedelta(days=14)).isoformat()
        made = papers.drafted(self.database, self.people["officer"], kind, scope)
        if upto != "draft":
            delivered = day if kind == "samr_record" else None
            made = papers.submitted(self.database, self.people["officer"], self.people["second"], made, day, delivered)
        return self.accept(made) if upto == "accept" else made

    def accept(self, made: Filing) -> Filing:
        """Take down the receipt of a submitted filing, as the second person."""
        number = f"{made.kind} {made.id[-6:]}"
        return papers.accepted(self.database, self.people["second"], made, receipt_number=number)

    def draft_release(self, name: str, version: str, model: str = "EX1") -> Release:
        """Begin a release for the ADCU of a model."""
        type_id, ecus = self.ecus_of(model)
        draft = releases.Draft(name, version, [type_id], ecus, planned_release=beijing_date(self.time.now()))
        return releases.create(self.database, self.people["engineer"], draft)

    def upload(self, release: Release, content: Iterable[bytes]) -> Release:
        """Store a package and attach it."""
        kept = self.artifacts.put(content)
        stored = StoredFile(kept.sha256, kept.sha1, kept.md5, kept.length)
        engineer = self.people["engineer"]
        return releases.attach_package(self.database, engineer, release.id, f"{release.name}.img", stored)

    def release(self, name: str, version: str, model: str = "EX1", **declared: Any) -> Release:
        """Write a release with all its papers, file it, and have it approved."""
        database, people = self.database, self.people
        made = self.draft_release(name, version, model)
        self.upload(made, [f"{name} {version}".encode() * 1000])
        bill = sbom(name, version)
        releases.attach_sbom(database, people["engineer"], made.id, bill, sha256(bill).hexdigest())
        values = {"speed_max": "120", "functions": ["lane_centering", "adaptive_cruise"], **declared}
        for ecu in made.ecu_ids:
            releases.declare(database, people["engineer"], made.id, ecu, values)
        for kind, author, checker in PAPERS:
            digest = sha256(f"{kind} {made.id}".encode()).hexdigest()
            item = releases.attach_paper(database, people[author], made.id, kind, f"{kind}.txt", digest)
            releases.check_paper(database, people[checker], item.id)
        for fact, person, value in ANSWERS:
            releases.state_answer(database, people[person], made.id, fact, value)
        releases.submit(database, people["engineer"], made.id)
        made = releases.approve(database, people["manager"], made.id)
        releases.classify_all(database, people["compliance"], self.regime, made.id)
        for kind in ("miit_activity", "samr_record"):
            self.file(kind, Scope(made.vehicle_type_ids, made.id, made.package.sha256))
        self.react()  # as the worker would: otherwise every answer asks the gates of campaigns that begin later
        return made

    def campaign(self, name: str, release: Release, waves: list[int], *, start: bool = True, **target: Any) -> Campaign:
        """Plan a campaign over sold cars, or over `vins`, have it approved, and start it."""
        aim = target or {"filter": {"sold": True}}
        plan = campaigns.Plan(name, release.id, waves, aim.get("filter", {}), aim.get("vins", ()))
        made = campaigns.create(self.database, self.people["engineer"], plan)
        campaigns.approve(self.database, self.people["manager"], made.id)
        return self.start(made) if start else made

    def start(self, made: Campaign) -> Campaign:
        return campaigns.start(self.database, self.people["manager"], self.regime, made.id, LEASE_HOURS)

    def ecus_of(self, model: str) -> tuple[str, list[str]]:
        """Give the id of a model and of its ADCU."""
        with self.database.read() as view:
            type_id = products_store.all_vehicle_types(view)[model].id
            ecus = products_store.list_ecus(view, [type_id])
        return type_id, [ecu.id for ecu in ecus if ecu.name == "ADCU"]

    # what vehicles do

    def vehicle(self, number: int) -> Vehicle:
        with self.database.read() as view:
            return fleet_store.vehicles_by_vin(view, [vin(number)])[vin(number)]

    def manifest(self, number: int, sha256_of_adcu: str, *, path: str, counter: int, failed: str = "") -> Any:
        """Give a vehicle's signed manifest: its ADCU runs this image, `counter` is its report counter.

        `failed` is the assignment that it reports as failed.
        """
        given = self.secrets[vin(number)]
        ecus = tuple(
            Ecu(e.serial, e.hardware_id, e.primary, Ed25519PrivateKey.from_private_bytes(bytes.fromhex(e.private_key)))
            for e in given.ecus
        )
        car = Provisioning(given.vin, given.vehicle_id, "http://127.0.0.1:1", given.token, ecus, b"", b"", "")
        state = State(counter, {car.primary.serial: Installed(path, sha256_of_adcu, 1000, 1, "a")})
        result = {"success": not failed, "code": "flash" if failed else "ok", "description": ""}
        report = {"correlation_id": "", "assignment": failed, "result": result}
        return json.loads(vehicle_manifest(car, state, report, "", self.time.now()))


class Near:
    """A signer in this process, with the verbs of `signing.signers`; requests pass through JSON as on the socket."""

    def __init__(self, service: GateService | DirectorService) -> None:
        self._service = service

    def sign(self, portion: str, receipts: Any, closed: Any = ()) -> Signature:
        told = self._ask({"closed": list(closed), "receipts": list(receipts), "released": portion})
        return Signature(told["keyid"], told["sig"])

    def close(self, closed: Any) -> None:
        self._ask({"closed": list(closed)})

    def last_version(self) -> int:
        return self._ask({"last": True})["version"]

    def _ask(self, request: Any) -> Any:
        return self._service.answer(json.loads(json.dumps(request)))


@contextmanager
def no_tables_of_tests() -> Iterator[None]:
    """Keep tables that other tests declare out of sight, for what compares the database with the whole schema."""
    extra = [table for table in metadata.sorted_tables if table not in PRODUCT_TABLES]
    for table in extra:
        metadata.remove(table)
    try:
        yield
    finally:
        for table in extra:
            metadata._add_table(table.name, table.schema, table)


def sbom(name: str, version: str) -> bytes:
    """Give a small bill of materials."""
    parts = [{"type": "library", "name": "zlib", "version": "1.3.1"}]
    about = {"component": {"type": "firmware", "name": name, "version": version}}
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": about, "components": parts}
    return json.dumps(bill).encode()


def found(home: Path, time: SetTime, url: str = "") -> Company:
    """Found a company in an empty `home`: schema by migration, roots, people, products, vehicles, papers on file."""
    home.mkdir(parents=True, exist_ok=True)
    images = ImageWorld(time.now())
    keys = {
        "log": SigningKey.generate("log.example/company"),
        "director-online": SigningKey.generate("director-online"),
        "release": images.release,
        "image-online": images.online,
    }
    company = Company(home, url or f"sqlite:///{home / 'roadworthy.db'}", time, images, keys)
    upgrade(company.database)
    (home / "trust").mkdir()
    (home / "trust" / "log.vkey").write_text(company.log_vkey + "\n")
    with company.database.begin(Actor("system:init")) as work:
        publish_image_set(work, images.first(images.make_released(targets=(), life=timedelta(hours=48))))
    _people(company)
    _products(company)
    company.later()
    _vehicles(company)
    company.later()
    company.file("miit_enterprise")
    for model in ("EX1", "EX2"):
        company.file("miit_type", Scope((company.ecus_of(model)[0],)))
    return company


def _people(company: Company) -> None:
    administrator, _ = accounts.first_administrator(company.database, "Administrator")
    company.people["administrator"] = Actor(administrator.id, administrator.roles)
    for name, roles in PEOPLE.items():
        made = accounts.add_person(company.database, company.people["administrator"], name.title(), roles)
        company.people[name] = Actor(made.id, made.roles)


def _products(company: Company) -> None:
    database, officer = company.database, company.people["officer"]
    for key, kind, main in (("speed_max", "number", True), ("functions", "list", True), ("ivi.theme", "text", False)):
        unit = "km/h" if key == "speed_max" else ""
        label = Text("参数", key)
        definition = ParameterDefinition(key, label, ParameterType(kind), unit, main, "0" if unit else None)
        products.define_parameter(database, officer, definition)
    values = {"speed_max": "120", "functions": ["lane_centering", "adaptive_cruise"], "ivi.theme": "dawn"}
    for model in ("EX1", "EX2"):
        made = products.add_vehicle_type(
            database, officer, model_code=model, name=f"Example {model}", automation_level=2,
            licensed_manufacturer=NAME, annex2_supplemented=True,
        )  # fmt: skip
        products.add_variant(database, officer, made.id, "LR", "long range")
        for name, hardware, influences in (
            ("ADCU", "adcu-hw3", ["speed_max", "functions"]),
            ("IVI", "ivi-hw2", ["ivi.theme"]),
        ):
            products.add_ecu(
                database, officer, made.id, name=name, hardware_id=hardware, supplier="Example Electronics",
                is_primary=name == "ADCU", influences=influences,
            )  # fmt: skip
        admission.register_values(database, officer, made.id, values, ground="announcement", reference="batch 398")


def _vehicles(company: Company) -> None:
    administrator = company.people["administrator"]
    for model, numbers in (("EX1", range(8)), ("EX2", range(20, 23))):
        made = fleet.import_vehicles(company.database, administrator, vehicle_rows(numbers, model))
        given = fleet.provision(company.database, administrator, import_id=made.id)
        company.secrets |= {one.vin: one for one in given}
