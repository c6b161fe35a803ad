"""The story that the demo plays, through the same API that people use. Every step says its clause."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from roadworthy.cli.client import Client
from roadworthy.cli.demo import cast, papers
from roadworthy.cli.files import write_secret
from roadworthy.kernel.errors import Broken

Say = Callable[[str], None]
PACKAGE_BYTES = 200_000


@dataclass
class Company:
    """The demo's people by name, each with an own client, and the ids of what they made."""

    server: str
    today: date
    clients: dict[str, Client] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    ecus: dict[str, str] = field(default_factory=dict)

    def as_(self, name: str) -> Client:
        """Give the client of a person."""
        return self.clients[name]


@dataclass(frozen=True)
class Upgrade:
    """What one release of the story is about."""

    name: str
    version: str
    models: Sequence[str]
    declared: Mapping[str, Any]
    safety: bool
    ecu: str = "ADCU"


def founding(company: Company, administrator: Client, home: Path) -> None:
    """Add the people, each with a token, and remember them for the console's sign-in page."""
    shown: list[tuple[dict[str, str], str]] = []
    for name, roles, label in cast.PEOPLE:
        person = administrator.post("/api/v1/people", {"name": name, "roles": list(roles)})
        token = administrator.post(f"/api/v1/people/{person['id']}/tokens", {"label": "demo"})["secret"]
        company.clients[name] = Client(company.server, token)
        company.ids[name] = person["id"]
        english, chinese = label.rsplit(" ", 1)
        shown.append(({"en": f"{name} · {english}", "zh": f"{name} · {chinese}"}, token))
    write_secret(home / "demo-people.json", shown)


def products(company: Company) -> None:
    """Enter models, ECUs and parameters, and register the admitted values (Notice 45, I.1)."""
    shen = company.as_("Shen Yu")
    for one in cast.PARAMETERS:
        label = {"zh": one["zh"], "en": one["en"]}
        shen.post(
            "/api/v1/parameters",
            {**{k: one[k] for k in ("key", "type", "unit", "is_main", "tolerance")}, "label": label},
        )
    for model in cast.MODELS:
        body = {"model_code": model.code, "name": model.name, "automation_level": 2, "annex2_supplemented": True}
        made = shen.post("/api/v1/vehicle-types", {**body, "licensed_manufacturer": cast.COMPANY})
        company.types[model.code] = made["id"]
        for name, hardware, supplier, influences, primary in cast.ECUS:
            ecu = {"name": name, "hardware_id": hardware, "supplier": supplier, "is_primary": primary}
            added = shen.post(f"/api/v1/vehicle-types/{made['id']}/ecus", {**ecu, "influences": list(influences)})
            company.ecus[f"{model.code}/{name}"] = added["id"]
        values = {"ground": "announcement", "reference": "batch 398 (demo)", "values": dict(cast.REGISTERED)}
        shen.post(f"/api/v1/vehicle-types/{made['id']}/parameter-values", values)


def vehicles(administrator: Client, home: Path, count: int, shared: Mapping[str, str]) -> int:
    """Import the fleet from CSV and write a provisioning file for each vehicle; give how many."""
    table = home / "vehicles.csv"
    table.write_bytes(cast.vehicles_csv(count))
    imported = administrator.upload_form("/api/v1/vehicles/import", table)
    made = administrator.post("/api/v1/vehicles/provision", {"import_id": imported["id"]})["items"]
    fleet = home / "fleet"
    fleet.mkdir(mode=0o700)
    for vehicle in made:
        write_secret(fleet / f"{vehicle['vin']}.json", {**vehicle, **shared})
    return len(made)


def standing_filings(company: Company) -> None:
    """File what an OEM has on file before any upgrade: enterprise capability, and each model with its functions."""
    file(company, {"kind": "miit_enterprise"}, "MIIT-OTA-E-2023-0007 (demo)")
    for code, type_id in company.types.items():
        file(company, {"kind": "miit_type", "vehicle_type_ids": [type_id]}, f"MIIT-OTA-M-{code} (demo)")


def file(company: Company, body: Mapping[str, Any], number: str) -> str:
    """Take a paper from draft to receipt: Shen Yu writes and sends it, Tang Bo signs off and takes down the receipt."""
    shen, tang = company.as_("Shen Yu"), company.as_("Tang Bo")
    sent = (company.today - timedelta(days=14)).isoformat()
    base = _signed(company, body)
    delivered = {"package_delivered_on": sent} if body["kind"] == "samr_record" else {}
    shen.post(f"{base}/submit", {"submitted_on": sent, **delivered})
    query = {"filename": "receipt.pdf", "role": "receipt"}
    document = tang.send(f"{base}/documents", papers.pdf(number), **query)["sha256"]
    receipt = {"receipt_number": number, "receipt_date": (company.today - timedelta(days=10)).isoformat()}
    return str(tang.post(f"{base}/accept", {**receipt, "document_sha256": document})["id"])


def _signed(company: Company, body: Mapping[str, Any]) -> str:
    """Write a paper with everything its form asks for, and have it signed off; give its address."""
    names = {company.types[model.code]: (model.code, model.name) for model in cast.MODELS}
    models = [names[one] for one in body.get("vehicle_type_ids", ())]
    facts = papers.facts_of(body["kind"], models, [papers.PACKAGE] if "package_sha256" in body else [])
    shen = company.as_("Shen Yu")
    base = f"/api/v1/filings/{shen.post('/api/v1/filings', {**body, 'facts': facts})['id']}"
    for number, _ in enumerate(papers.files_of(facts), 1):
        shen.send(f"{base}/documents", papers.ATTACHED, filename=f"attachment-{number}.pdf", role="attachment")
    shen.post(f"{base}/complete")
    company.as_("Tang Bo").post(f"{base}/sign-off")
    return base


def file_release(company: Company, release: Mapping[str, Any]) -> None:
    """File one upgrade activity at MIIT and the record at SAMR, for its very package."""
    body = {
        "vehicle_type_ids": release["vehicle_type_ids"],
        "release_id": release["id"],
        "package_sha256": release["package"]["sha256"],
    }
    label = f"{release['name']}-{release['version']}"
    file(company, {**body, "kind": "miit_activity"}, f"MIIT-OTA-A-{label} (demo)")
    file(company, {**body, "kind": "samr_record"}, f"SAMR-OTA-{label} (demo)")


def permit(company: Company, upgrade: Upgrade) -> None:
    """Obtain the product change permit for what the upgrade changes (Notice 45, 7b)."""
    types = [company.types[code] for code in upgrade.models]
    values = {type_id: dict(upgrade.declared) for type_id in types}
    body = {"kind": "miit_change_permit", "vehicle_type_ids": types, "parameter_values": values}
    file(company, body, f"MIIT-2026-C-{upgrade.version} (demo)")


def write_release(company: Company, home: Path, upgrade: Upgrade) -> dict[str, Any]:
    """Write a release with package, bill of materials, declarations, papers and answers; submit and approve it."""
    lin, zhao = company.as_("Lin Qiao"), company.as_("Zhao Min")
    ecus = [company.ecus[f"{code}/{upgrade.ecu}"] for code in upgrade.models]
    body = {
        "name": upgrade.name,
        "version": upgrade.version,
        "ecus": ecus,
        "planned_release": company.today.isoformat(),
    }
    made = lin.post("/api/v1/releases", {**body, "vehicle_types": [company.types[c] for c in upgrade.models]})
    base = f"/api/v1/releases/{made['id']}"
    folder = home / "packages"
    folder.mkdir(exist_ok=True)
    image = folder / f"{upgrade.name}-{upgrade.version}.img"
    image.write_bytes(cast.package(f"{upgrade.name}/{upgrade.version}", PACKAGE_BYTES))
    lin.upload(f"{base}/package", image)
    bill = folder / f"{upgrade.name}-{upgrade.version}.cdx.json"
    bill.write_bytes(cast.sbom(upgrade.name, upgrade.version))
    lin.upload(f"{base}/sbom", bill)
    for ecu in ecus:
        lin.put(f"{base}/declarations/{ecu}", {"values": dict(upgrade.declared)})
    _papers(company, base, folder)
    for fact, name, value in cast.answers(upgrade.safety):
        company.as_(name).put(f"{base}/answers/{fact}", {"value": value})
    lin.post(f"{base}/submit")
    zhao.post(f"{base}/approve")
    company.as_("He Rui").post(f"{base}/classify")
    found: dict[str, Any] = lin.get(base)
    return found


def _papers(company: Company, base: str, folder: Path) -> None:
    for kind, author, checker in cast.PAPERS:
        paper = folder / f"{kind}.txt"
        paper.write_text(f"{kind} of {base} (demo)\n", encoding="utf-8")
        item = company.as_(author).upload(f"{base}/papers", paper, kind=kind)
        company.as_(checker).post(f"{base}/papers/{item['id']}/check")


def campaign(company: Company, name: str, release: Mapping[str, Any], waves: Sequence[int], **target: Any) -> str:
    """Create a campaign and have it approved by somebody else; give its id."""
    body = {"name": name, "release": release["id"], "waves": list(waves), **target}
    made = company.as_("Lin Qiao").post("/api/v1/campaigns", body)
    company.as_("Zhao Min").post(f"/api/v1/campaigns/{made['id']}/approve")
    return str(made["id"])


def progress(company: Company, campaign_id: str) -> dict[str, int]:
    """Count a campaign's vehicles by status."""
    found = company.as_("Lin Qiao").get(f"/api/v1/campaigns/{campaign_id}")
    counts: dict[str, int] = {"vehicles in open waves": 0}
    for wave in found["waves"]:
        if wave["status"] == "open":
            counts["vehicles in open waves"] += wave["vehicles"]
        for status, number in wave["counts"].items():
            counts[status] = counts.get(status, 0) + number
    return counts


def wait_until(
    company: Company, campaign_id: str, done: Callable[[dict[str, int]], bool], seconds: float
) -> dict[str, int]:
    """Wait until a campaign's counts satisfy `done`.

    Raises Broken after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        counts = progress(company, campaign_id)
        if done(counts):
            return counts
        if time.monotonic() > deadline:
            raise Broken(f"campaign {campaign_id} did not get there in {seconds:.0f} s: {counts}")
        time.sleep(0.5)


def settled(counts: Mapping[str, int]) -> bool:
    """Whether every vehicle of the open waves has succeeded or failed."""
    return counts.get("attested", 0) + counts.get("failed", 0) >= counts["vehicles in open waves"]
