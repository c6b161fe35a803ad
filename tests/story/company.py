"""The company of the stories: people with one role each, five models, a few cars, and what its people do daily."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from roadworthy.kernel.time import beijing_date
from roadworthy.kernel.vin import Vin, check_digit
from tests import papers
from tests.story.cars import Car
from tests.story.world import COMPANY, Caller, World

# name -> roles; the two of them that could approve their own work are there to be refused
PEOPLE: Mapping[str, Sequence[str]] = {
    "engineer": ("release_engineer",),
    "manager": ("release_manager",),
    "safety": ("safety_engineer",),
    "compliance": ("compliance_officer",),
    "homologation": ("homologation_officer",),
    "second": ("homologation_officer",),
    "recall": ("recall_manager",),
    "auditor": ("auditor",),
    "jack": ("release_engineer", "release_manager", "compliance_officer", "homologation_officer"),
}

PARAMETERS: Sequence[Mapping[str, Any]] = (
    {"key": "speed_max", "type": "number", "unit": "km/h", "is_main": True, "tolerance": "0"},
    {"key": "hands_off_warning", "type": "number", "unit": "s", "is_main": True, "tolerance": "0"},
    {"key": "theme", "type": "text", "is_main": False},
)
REGISTERED = {"speed_max": "120", "hands_off_warning": "10", "theme": "dawn"}

# model -> what its type says; X5 and X7 are sold at home, A9 drives itself, R3 is imported, T1 never left the yard
MODELS: Mapping[str, Mapping[str, Any]] = {
    "X5": {},
    "X7": {},
    "A9": {"automation_level": 3},
    "R3": {"imported": True, "licensed_manufacturer": None, "annex2_supplemented": False},
    "T1": {},
}
CARS = {"X5": 3, "X7": 1, "A9": 1, "R3": 1, "T1": 1}
ECUS: Mapping[str, Sequence[str]] = {"DRIVE": ("speed_max", "hands_off_warning"), "CABIN": ("theme",)}

PAPERS: Mapping[str, tuple[str, str]] = {
    "risk_assessment_done": ("safety", "compliance"),
    "functional_safety_validated": ("safety", "compliance"),
    "test_evidence_complete": ("engineer", "safety"),
    "sums_records_complete": ("engineer", "compliance"),
    "notice_text_checked": ("compliance", "manager"),
    "verification_attached": ("homologation", "second"),
}
ANSWERS: Mapping[str, tuple[str, Any]] = {
    "performance_change.safety": ("homologation", False),
    "performance_change.environment": ("homologation", False),
    "performance_change.energy": ("homologation", False),
    "performance_change.anti_theft": ("homologation", False),
    "defect_removed": ("recall", "no"),
    "open_defect_investigation": ("recall", False),
    "weakens_driver_monitoring": ("safety", False),
    "data_used_by_driving_automation": ("safety", False),
}


@dataclass(frozen=True)
class Plan:
    """What a release is about.

    `declared` are the values that the touched ECU's new software sets, `without` the papers and answers it lacks.
    """

    name: str = "cabin"
    version: str = "5.0.0"
    models: Sequence[str] = ("X5",)
    ecu: str = "CABIN"
    declared: Mapping[str, Any] = field(default_factory=lambda: {"theme": "dusk"})
    answers: Mapping[str, Any] = field(default_factory=dict)
    without: Sequence[str] = ()
    content: bytes = b""

    @property
    def image(self) -> bytes:
        return self.content or f"{self.name} {self.version} ".encode() * 4_000


@dataclass
class Company:
    """Who works there, what it builds, and where its cars are. `tokens` and `cars` are what is written down once."""

    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    ecus: dict[str, str] = field(default_factory=dict)
    provisioned: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shipment:
    """A running campaign: the release as the API shows it, and the ids of the campaign and its two filings."""

    release: Mapping[str, Any]
    campaign: str
    activity: str
    record: str

    @property
    def package(self) -> dict[str, Any]:
        return self.release["package"]


class Story:
    """The company at work in a world."""

    def __init__(self, world: World, company: Company) -> None:
        self.world = world
        self.company = company
        self.cars = {
            model: [Car(world, document) for document in documents] for model, documents in company.provisioned.items()
        }

    def by(self, name: str) -> Caller:
        """Give the API as this person sees it."""
        person_id, token = self.company.tokens[name]
        return self.world.caller(token, person_id)

    def day(self, days_ago: int) -> str:
        return (beijing_date(self.world.time.now()) - timedelta(days=days_ago)).isoformat()

    def file(self, kind: str, models: Sequence[str] = (), *, until: str | None = None, **scope: Any) -> str:
        """Take a paper from draft to receipt; give its id."""
        filing = self.submitted(kind, models, **scope)
        self.accept(filing, until)
        return filing

    def accept(self, filing: str, until: str | None = None, by: str = "second", **told: Any) -> dict[str, Any]:
        """Store the receipt of a submitted paper, and take it down."""
        return self.by(by).post(f"/filings/{filing}/accept", {**self.receipt(filing, until, by), **told})

    def submitted(self, kind: str, models: Sequence[str] = (), **scope: Any) -> str:
        types = [self.company.types[model] for model in models]
        filing = self.signed(kind, models, vehicle_type_ids=types, **scope)
        days = {"submitted_on": self.day(14)} | ({"package_delivered_on": self.day(14)} if "samr" in kind else {})
        self.by("homologation").post(f"/filings/{filing}/submit", days)
        return filing

    def signed(self, kind: str, models: Sequence[str] = (), by: str = "homologation", **body: Any) -> str:
        """Draft a paper that lacks nothing, and have it signed off; give its id."""
        named = [(model, model) for model in models]
        facts = papers.facts_of(kind, named, papers.named_by(body))
        if body.get("vin_set_digest"):
            del facts["vin_set_sha256"]
        filing = self.by(by).post("/filings", {"kind": kind, "facts": facts, **body})["id"]
        for number, _ in enumerate(papers.files_of(facts)):
            self.by(by).upload(f"/filings/{filing}/documents", papers.ATTACHED, filename=f"attachment-{number}.pdf")
        self.by(by).post(f"/filings/{filing}/complete")
        self.by("second").post(f"/filings/{filing}/sign-off")
        return filing

    def receipt(self, filing: str, until: str | None = None, by: str = "second") -> dict[str, Any]:
        """Store a receipt of a filing; give what is taken down of it."""
        content = papers.pdf(f"receipt of {filing}")
        query = {"filename": "receipt.pdf", "role": "receipt"}
        paper = self.by(by).upload(f"/filings/{filing}/documents", content, **query)["sha256"]
        return {
            "receipt_number": "R-2026-1",
            "receipt_date": self.day(10),
            "document_sha256": paper,
            "valid_until": until,
        }

    def file_release(self, release: Mapping[str, Any], models: Sequence[str], **more: Any) -> tuple[str, str]:
        """File the activity at MIIT and the record at SAMR for the very package; give both ids."""
        scope = {"release_id": release["id"], "package_sha256": release["package"]["sha256"], **more}
        return self.file("miit_activity", models, **scope), self.file("samr_record", models, **scope)

    def permit(self, models: Sequence[str], values: Mapping[str, Any]) -> str:
        by_type = {self.company.types[model]: dict(values) for model in models}
        return self.file("miit_change_permit", models, parameter_values=by_type)

    def drafted(self, plan: Plan) -> str:
        """Write a release with everything but approval; give its id."""
        ecus = [self.company.ecus[f"{model}/{plan.ecu}"] for model in plan.models]
        body = {"name": plan.name, "version": plan.version, "ecus": ecus, "planned_release": self.day(0)}
        types = [self.company.types[model] for model in plan.models]
        engineer = self.by("engineer")
        release = engineer.post("/releases", {**body, "vehicle_types": types})["id"]
        engineer.upload(f"/releases/{release}/package", plan.image, filename="image.bin")
        engineer.upload(f"/releases/{release}/sbom", bill_of_materials(plan))
        for ecu in ecus if plan.declared else ():
            engineer.put(f"/releases/{release}/declarations/{ecu}", {"values": dict(plan.declared)})
        for kind in PAPERS:
            if kind not in plan.without:
                self.paper(release, kind)
        for fact, (_, usual) in ANSWERS.items():
            if fact not in plan.without:
                self.answer(release, fact, plan.answers.get(fact, usual))
        self.world.tick()
        return release

    def paper(self, release: str, kind: str) -> None:
        """Attach a paper of the dossier and have another person check it."""
        author, checker = PAPERS[kind]
        query = {"kind": kind, "filename": f"{kind}.txt"}
        paper = self.by(author).upload(f"/releases/{release}/papers", kind.encode(), **query)["id"]
        self.by(checker).post(f"/releases/{release}/papers/{paper}/check")

    def answer(self, release: str, fact: str, value: Any) -> None:
        """Have the person in charge answer a question about a release."""
        self.by(ANSWERS[fact][0]).put(f"/releases/{release}/answers/{fact}", {"value": value})

    def released(self, plan: Plan) -> dict[str, Any]:
        """Write a release, have it approved and classified; give it as the API shows it."""
        release = self.drafted(plan)
        self.by("engineer").post(f"/releases/{release}/submit")
        self.by("manager").post(f"/releases/{release}/approve")
        self.by("compliance").post(f"/releases/{release}/classify")
        return self.by("engineer").get(f"/releases/{release}")

    def planned(self, release: Mapping[str, Any], waves: Sequence[int] = (100,), **target: Any) -> str:
        """Create a campaign (over all sold cars unless told) and have it approved; give its id."""
        number = len(self.by("engineer").get("/campaigns")["items"]) + 1
        aim = target or {"filter": {"sold": True}}
        body = {"name": f"campaign {number}", "release": release["id"], "waves": list(waves), **aim}
        campaign = self.by("engineer").post("/campaigns", body)["id"]
        self.by("manager").post(f"/campaigns/{campaign}/approve")
        return campaign

    def started(self, plan: Plan, **target: Any) -> "Shipment":
        """Have a filed release in a running campaign whose gate decision is logged and whose image is published."""
        release = self.released(plan)
        activity, record = self.file_release(release, plan.models)
        campaign = self.planned(release, **target)
        self.do("start", campaign)
        self.world.tick()
        return Shipment(release, campaign, activity, record)

    def do(self, verb: str, campaign: str) -> dict[str, Any]:
        return self.by("manager").post(f"/campaigns/{campaign}/{verb}")

    def campaign(self, campaign: str) -> dict[str, Any]:
        return self.by("auditor").get(f"/campaigns/{campaign}")

    def counts(self, campaign: str) -> dict[str, int]:
        """Give how many cars of a campaign are in each state."""
        total: dict[str, int] = {}
        for wave in self.campaign(campaign)["waves"]:
            for status, number in wave["counts"].items():
                total[status] = total.get(status, 0) + number
        return total

    def missing(self, campaign: str, verb: str = "start") -> set[str]:
        """Expect the gate to refuse `verb`; give the codes of what is missing."""
        problem = self.by("manager").refused("POST", f"/campaigns/{campaign}/{verb}")
        assert problem["code"] == "gate.closed"
        return {finding["code"] for finding in problem["findings"]}

    def unknown(self, campaign: str) -> set[str]:
        """Ask the gate; give the facts that it lacks."""
        answers = self.by("engineer").get(f"/campaigns/{campaign}/gate")["vehicle_types"]
        return {fact for one in answers for fact in one["report"]["models"][0]["missing_facts"]}

    def events(self, kind: str, subject: str | None = None) -> list[dict[str, Any]]:
        """Give the bodies of events of a kind, oldest first."""
        rows = self.world.rows("SELECT subject, body FROM event WHERE kind = :kind ORDER BY seq", kind=kind)
        return [json.loads(row["body"]) for row in rows if subject in (None, row["subject"])]

    def subject_events(self, subject: str) -> list[dict[str, Any]]:
        """Give the bodies of all events about a thing, oldest first."""
        rows = self.world.rows("SELECT body FROM event WHERE subject = :subject ORDER BY seq", subject=subject)
        return [json.loads(row["body"]) for row in rows]

    def listed(self) -> list[str]:
        """Give the images that the published image repository lists."""
        newest = "SELECT version FROM image_metadata WHERE role = 'released' ORDER BY version DESC LIMIT 1"
        version = self.world.rows(newest)[0]["version"]
        released = self.world.http.get(f"/uptane/image/metadata/{version}.released.json").json()
        return sorted(released["signed"]["targets"])


def bill_of_materials(plan: Plan) -> bytes:
    parts = [{"type": "library", "name": "zlib", "version": "1.3.1"}]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}
    return json.dumps({**bill, "metadata": {"component": {"type": "firmware", "name": plan.name}}}).encode()


def vin_of(number: int) -> str:
    draft = f"LMMA00000S{number:07d}"
    return draft[:8] + check_digit(Vin(draft)) + draft[9:]


def establish(world: World, token: str) -> Company:
    """Hire the people, enter models and parameters, import and provision the cars, file what is on file for years."""
    company, administrator = Company({"administrator": ("", token)}), world.caller(token)
    for name, roles in PEOPLE.items():
        person = administrator.post("/people", {"name": name.title(), "roles": list(roles)})["id"]
        secret = administrator.post(f"/people/{person}/tokens", {"label": "story"})["secret"]
        company.tokens[name] = (person, secret)
    story = Story(world, company)
    _products(story)
    _vehicles(story, administrator)
    company.standing["miit_enterprise"] = story.file("miit_enterprise")
    at_home = [model for model in MODELS if model != "R3"]
    company.standing["miit_type"] = story.file("miit_type", at_home)
    return company


def _products(story: Story) -> None:
    officer, company = story.by("homologation"), story.company
    for one in PARAMETERS:
        officer.post("/parameters", {**one, "label": {"zh": "参数", "en": one["key"]}})
    usual = {"automation_level": 2, "licensed_manufacturer": COMPANY, "annex2_supplemented": True}
    for model, special in MODELS.items():
        made = officer.post("/vehicle-types", {"model_code": model, "name": model, **usual, **special})["id"]
        company.types[model] = made
        for name, influences in ECUS.items():
            body = {"name": name, "hardware_id": f"{name.lower()}-1", "supplier": "Qilin", "influences": influences}
            drive = {"is_primary": name == "DRIVE", "holds_driving_automation": name == "DRIVE"}
            company.ecus[f"{model}/{name}"] = officer.post(f"/vehicle-types/{made}/ecus", {**body, **drive})["id"]
        ground = {"ground": "announcement", "reference": "batch 398", "values": REGISTERED}
        officer.post(f"/vehicle-types/{made}/parameter-values", ground)


def _vehicles(story: Story, administrator: Caller) -> None:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["vin", "model_code", "sold", "test_fleet", "province"])
    models = [model for model, count in CARS.items() for _ in range(count)]
    for number, model in enumerate(models, 1):
        test = str(model == "T1").lower()
        writer.writerow([vin_of(number), model, str(model != "T1").lower(), test, "江苏"])
    imported = administrator.form("/vehicles/import", "cars.csv", sheet.getvalue().encode())["id"]
    for document in administrator.post("/vehicles/provision", {"import_id": imported})["items"]:
        number = next(n for n in range(1, len(models) + 1) if vin_of(n) == document["vin"])
        story.company.provisioned.setdefault(models[number - 1], []).append(document)
