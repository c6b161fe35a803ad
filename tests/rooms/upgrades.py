"""A small company with everything an upgrade needs, built through the actions that people use."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import md5, sha1, sha256
from typing import Any

from sqlalchemy import event as on

from roadworthy import law
from roadworthy.accounts import actions as accounts
from roadworthy.admission import actions as admission
from roadworthy.admission import store as admission_store
from roadworthy.admission.model import BuildRecord
from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns.model import Campaign
from roadworthy.database import Actor, Database
from roadworthy.filings.model import FilId, FilingKind, Scope
from roadworthy.fleet import actions as fleet
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import Vehicle
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import BEIJING, SetTime
from roadworthy.products import actions as products
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId
from roadworthy.releases import actions as releases
from roadworthy.releases.model import Release, RelId
from tests import papers

from .vehicles import HEADER, vin

HOURS = 24
MANUFACTURER = "Example Motor"
PEOPLE: Mapping[str, tuple[str, ...]] = {
    "engineer": ("release_engineer",),
    "manager": ("release_manager",),
    "safety": ("safety_engineer",),
    "compliance": ("compliance_officer",),
    "officer": ("homologation_officer",),
    "second": ("homologation_officer", "compliance_officer"),
    "recall": ("recall_manager",),
    "auditor": ("auditor",),
}
PAPERS = {
    "risk_assessment_done": "safety",
    "functional_safety_validated": "safety",
    "test_evidence_complete": "engineer",
    "sums_records_complete": "engineer",
    "notice_text_checked": "compliance",
    "verification_attached": "officer",
}
ANSWERS: Mapping[str, tuple[str, Any]] = {
    "performance_change.safety": ("officer", False),
    "performance_change.environment": ("officer", False),
    "performance_change.energy": ("officer", False),
    "performance_change.anti_theft": ("officer", False),
    "defect_removed": ("recall", "no"),
    "open_defect_investigation": ("recall", False),
    "weakens_driver_monitoring": ("safety", False),
    "data_used_by_driving_automation": ("safety", False),
}
SBOM = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [{"type": "library", "name": "zlib", "version": "1.3.1"}],
    }
).encode()


@cache
def packs() -> law.Packs:
    return law.load_packs()


def stored(content: bytes) -> releases.StoredFile:
    """What the artifact store would say about these bytes."""
    return releases.StoredFile(
        sha256(content).hexdigest(), sha1(content).hexdigest(), md5(content).hexdigest(), len(content)
    )


@dataclass
class Company:
    """People by the names of PEOPLE, vehicle types by model code, and the law they work under."""

    database: Database
    time: SetTime
    people: dict[str, Actor] = field(default_factory=dict)
    types: dict[str, TypId] = field(default_factory=dict)
    ecus: dict[str, str] = field(default_factory=dict)
    regime: releases.Regime = field(default_factory=lambda: releases.Regime(packs(), MANUFACTURER))
    _numbers: int = 0

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def tick(self, **amount: float) -> None:
        """Let time pass: ids sort by it."""
        self.time.advance(**(amount or {"milliseconds": 10}))

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def day(self, days: int = 0) -> str:
        moment = self.time.now().astimezone(BEIJING)
        return (moment.date().fromordinal(moment.date().toordinal() + days)).isoformat()

    def found(self) -> "Company":
        """Hire everybody, and define the two parameters: one main, one not."""
        person, _ = accounts.first_administrator(self.database, "Admin")
        administrator = Actor(person.id, person.roles)
        for name, roles in PEOPLE.items():
            made = accounts.add_person(self.database, administrator, name.title(), roles)
            self.people[name] = Actor(made.id, made.roles)
        for key, is_main in (("speed_max", True), ("theme", False), ("unsure", None)):
            definition = ParameterDefinition(key, Text(key, key), ParameterType.TEXT, "", is_main, None)
            products.define_parameter(self.database, self.officer, definition)
        return self

    def model(self, code: str = "EX1", *, filed: bool = True, **facts: Any) -> TypId:
        """Add an announced model with its ECU `ADCU`, registered values, and its standing papers."""
        given = {"automation_level": 2, "licensed_manufacturer": MANUFACTURER, "annex2_supplemented": True, **facts}
        self.types[code] = products.add_vehicle_type(
            self.database, self.officer, model_code=code, name=code, **given
        ).id
        self.ecu(code, "ADCU", influences=("speed_max", "theme"), is_primary=True)
        self.register(code, {"speed_max": "120", "theme": "dawn"})
        if filed:
            self.file(FilingKind.MIIT_TYPE, Scope((self.types[code],)))
        return self.types[code]

    def ecu(self, code: str, name: str, *, influences: Iterable[str] | None = (), **facts: Any) -> str:
        given = {"hardware_id": f"{name.lower()}-hw1", "supplier": "Supplier", **facts}
        made = products.add_ecu(
            self.database, self.officer, self.types[code], name=name, influences=influences, **given
        )
        self.ecus[f"{code}/{name}"] = made.id
        return made.id

    def register(self, code: str, values: Mapping[str, Any], ground: str = "announcement") -> None:
        self.tick()
        reference = "batch 1"
        if ground == "change_permit":
            type_id = TypId(self.types[code])
            scope = Scope((type_id,), parameter_values={type_id: dict(values)})
            reference = self.file(FilingKind.MIIT_CHANGE_PERMIT, scope)
        admission.register_values(
            self.database, self.officer, self.types[code], values, ground=ground, reference=reference
        )

    def cars(self, code: str = "EX1", count: int = 3, *, sold: bool = True, test_fleet: bool = False) -> list[Vehicle]:
        """Import vehicles and give each its ECU units."""
        self.tick()
        vins = [vin(self.number()) for _ in range(count)]
        facts = f"{sold},{test_fleet}".lower()
        lines = "".join(f"{one},{code},,{facts},Jiangsu,Plant,2025-01-01\n" for one in vins)
        made = fleet.import_vehicles(self.database, self.officer, io.BytesIO((HEADER + lines).encode()))
        fleet.provision(self.database, Actor("system:test"), import_id=made.id)
        self.tick()
        with self.database.read() as view:
            known = fleet_store.vehicles_by_vin(view, vins)
        return [known[one] for one in vins]

    def built(self, code: str = "EX1", values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Have the plant report what a vehicle of the model was built with: what is registered, unless told."""
        self.tick()
        with self.database.read() as view:
            told = values or admission_store.plain_values(view, self.types[code])
        type_id = TypId(self.types[code])
        records = [BuildRecord(vin(900_000), type_id, key, value) for key, value in told.items()]
        return admission.record_builds(self.database, self.officer, records, "plant 1")

    def file(self, kind: FilingKind, scope: Scope, *, valid_until: str | None = None, accept: bool = True) -> FilId:
        """Take a paper from draft to receipt."""
        self.tick()
        made = papers.drafted(self.database, self.officer, kind, scope)
        delivered = self.day(-14) if kind is FilingKind.SAMR_RECORD else None
        papers.submitted(self.database, self.officer, self.second, made, self.day(-14), delivered)
        if accept:
            told = {"receipt_number": f"No {self.number()}", "receipt_date": self.day(-1), "valid_until": valid_until}
            papers.accepted(self.database, self.second, made, **told)
        return made.id

    def draft(self, codes: Sequence[str] = ("EX1",), *, ecu: str = "ADCU", **facts: Any) -> Release:
        """Begin a release of the ECU for these models."""
        self.tick()
        types = [self.types[code] for code in codes]
        ecus = [self.ecus[f"{code}/{ecu}"] for code in codes]
        wanted = releases.Draft(
            f"pkg-{self.number()}", "1.0", types, ecus, planned_release=self.time.now().astimezone(BEIJING).date(),
            **facts,
        )  # fmt: skip
        return releases.create(self.database, self.engineer, wanted)

    def fill(
        self,
        release: Release,
        declared: Mapping[str, Any] | None = None,
        *,
        answers: Mapping[str, Any] | None = None,
        papers: Iterable[str] = PAPERS,
    ) -> None:
        """Put package, bill of materials, declarations, checked papers and answers beside a draft."""
        content = release.id.encode()
        releases.attach_package(self.database, self.engineer, release.id, f"{release.name}.img", stored(content))
        releases.attach_sbom(self.database, self.engineer, release.id, SBOM, sha256(SBOM).hexdigest())
        values = {"speed_max": "120", "theme": "dawn"} if declared is None else declared
        for ecu in release.ecu_ids if values else ():
            releases.declare(self.database, self.engineer, release.id, ecu, values)
        for kind in papers:
            self.paper(release.id, kind)
        for fact, (name, value) in ANSWERS.items():
            wanted = value if answers is None else answers.get(fact, value)
            releases.state_answer(self.database, self.people[name], release.id, fact, wanted)

    def paper(self, release_id: RelId, kind: str, checker: str = "second") -> None:
        item = releases.attach_paper(
            self.database, self.people[PAPERS[kind]], release_id, kind, f"{kind}.pdf", "b" * 64
        )
        releases.check_paper(self.database, self.people[checker], item.id)

    def release(
        self, declared: Mapping[str, Any] | None = None, codes: Sequence[str] = ("EX1",), **facts: Any
    ) -> Release:
        """Write a whole release and have it approved."""
        made = self.draft(codes, **facts)
        self.fill(made, declared)
        self.tick()
        releases.submit(self.database, self.engineer, made.id)
        return releases.approve(self.database, self.manager, made.id)

    def clear(self, release: Release, **scope: Any) -> list[FilId]:
        """File the activity at MIIT and the record at SAMR for the very package."""
        assert release.package is not None
        wanted = Scope(
            tuple(TypId(one) for one in release.vehicle_type_ids), release.id, release.package.sha256, **scope
        )
        return [self.file(kind, wanted) for kind in (FilingKind.MIIT_ACTIVITY, FilingKind.SAMR_RECORD)]

    def permit(self, values: Mapping[str, Any], codes: Sequence[str] = ("EX1",), **more: Any) -> FilId:
        types = tuple(self.types[code] for code in codes)
        scope = Scope(types, parameter_values={one: dict(values) for one in types})
        return self.file(FilingKind.MIIT_CHANGE_PERMIT, scope, **more)

    def campaign(
        self, release: Release, waves: Sequence[int] = (100,), *, vins: Sequence[str] = (), approve: bool = True,
        **wanted: Any,
    ) -> Campaign:  # fmt: skip
        """Plan a campaign, and have it approved."""
        self.tick()
        aimed = {} if vins else (wanted or {"sold": True})
        plan = campaigns.Plan(f"Campaign {self.number()}", release.id, waves, aimed, vins)
        made = campaigns.create(self.database, self.engineer, plan)
        self.tick()
        return campaigns.approve(self.database, self.manager, made.id) if approve else made

    def start(self, campaign: Campaign) -> Campaign:
        self.tick()
        return campaigns.start(self.database, self.manager, self.regime, campaign.id, HOURS)

    def running(
        self, declared: Mapping[str, Any] | None = None, cars: int = 3, **facts: Any
    ) -> tuple[Campaign, list[Vehicle]]:
        """A campaign that runs, of a cleared release, with its cars."""
        made = self.cars(count=cars)
        release = self.release(declared, **facts)
        self.clear(release)
        return self.start(self.campaign(release)), made


def company(database: Database, time: SetTime) -> Company:
    """A company with one announced, filed model EX1 and its enterprise filing."""
    if database.engine.name == "sqlite":  # these tests write much and prove nothing about power cuts
        on.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        database.engine.dispose()
    made = Company(database, time).found()
    made.file(FilingKind.MIIT_ENTERPRISE, Scope())
    made.model()
    return made
