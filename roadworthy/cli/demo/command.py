"""`roadworthy demo`: a living system with one command.

1. start an installation with four processes and a fleet; 2. ship a general release; 3. show a parameter-changing
release blocked, cleared after permit and filings, then shipped wave by wave; 4. show a package that was changed
after approval refused by vehicles; 5. verify the log offline and write evidence.zip; 6. go on living.
"""

import json
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from roadworthy import installation
from roadworthy.cli.bundles import export_campaign, report_bundle
from roadworthy.cli.client import USAGE, Client, fail
from roadworthy.cli.demo import cast, living, story
from roadworthy.cli.demo.processes import serving
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.time import SystemTime, beijing_date
from roadworthy.settings import Settings, load
from roadworthy.signing.keys import CUSTODY

GENERAL = story.Upgrade("ivi-suite", "5.2.0", ("HY6500A", "HY6500B", "HY7000C"), {"ivi.theme": "dusk"}, False, "IVI")
FASTER = story.Upgrade(
    "adas-highway",
    "4.2.1",
    ("HY6500A", "HY6500B"),
    {"speed_max": "130", "functions": ["lane_centering", "adaptive_cruise"], "dms.hands_off_warning": "10"},
    True,
)
ALTERED = story.Upgrade("ivi-suite", "5.2.1", ("HY7000C",), {"ivi.theme": "noon"}, False, "IVI")


def demo(
    home: Path = typer.Option(Path("demo-data"), help="Folder of the demo; an older demo in it is replaced."),
    headless: bool = typer.Option(False, help="Play the story, verify, write evidence.zip, end."),
    fleet: int = typer.Option(500, "--vehicles", help="How many simulated vehicles."),
    port: int = typer.Option(8080, help="Port of the console on 127.0.0.1."),
    evidence: Path = typer.Option(Path("evidence.zip"), help="Where to write the evidence bundle."),
) -> None:
    """Run the whole system with an invented company and simulated vehicles; console on http://127.0.0.1:8080."""
    # Told to end, it ends its processes too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _make_room(home)
    started = time.monotonic()
    passphrases = {custody: secrets.token_urlsafe(24) for custody in set(CUSTODY.values())}
    given: dict[str, str | int | bool] = {
        "company": cast.COMPANY,
        "log_origin": "DEV.demo.roadworthy.example/log",
        "port": port,
        "demo": True,
        "poll_seconds": 5,
    }
    _, token = installation.init(home, given, passphrases, "Administrator")
    settings = load(home, {})
    say("Setting up", f"four custodies of keys, schema, roots of trust in {home}", "trust")
    with serving(home, passphrases, settings.public_url) as processes:
        company = story.Company(settings.public_url, beijing_date(SystemTime().now()))
        _found(company, Client(settings.public_url, token), settings, fleet)
        processes.start("vehicles", ["roadworthy.vehicle", "--fleet", str(home / "fleet"), "--interval", "3"])
        _general(company, home)
        faster = _parameters(company, home)
        _altered(company, settings)
        _prove(settings, passphrases, faster, evidence)
        say("Done", f"the story took {time.monotonic() - started:.0f} s", "N45")
        if not headless:
            typer.echo(f"\nConsole: {settings.public_url}  (choose a person on the sign-in page)\nEnd with Ctrl-C.")
            sys.stdout.flush()
            living.live(company, home, processes)


def say(step: str, what: str, clause: str) -> None:
    """Tell one step with its clause."""
    typer.echo(f"[{clause:<12}] {step}: {what}")
    sys.stdout.flush()


def _make_room(home: Path) -> None:
    toml = home / "roadworthy.toml"
    if toml.is_file() and "demo = true" in toml.read_text(encoding="utf-8"):
        shutil.rmtree(home)
    elif home.exists() and any(home.iterdir()):
        fail(USAGE, f"{home} is not empty and holds no demo; name another folder with --home.")


def _found(company: story.Company, administrator: Client, settings: Settings, fleet: int) -> None:
    story.founding(company, administrator, settings.home)
    story.products(company)
    say("Products", "3 models with ECUs and registered technical parameters", "N45 I.1")
    shared = administrator.get("/api/v1/trust")
    count = story.vehicles(administrator, settings.home, fleet, shared)
    say("Fleet", f"{count} vehicles imported from CSV and provisioned", "N45 II.3")
    story.standing_filings(company)
    say("Filings", "enterprise capability and three models are on file at MIIT", "EIDC22-2")


def _general(company: story.Company, home: Path) -> None:
    release = story.write_release(company, home, GENERAL)
    say("Class", f"{GENERAL.name} {GENERAL.version} is {_classes(release)}", "N45-7a")
    campaign_id = story.campaign(company, "Cockpit 5.2.0", release, [10, 30, 60], filter={"sold": True})
    _refused(company, campaign_id, "N45-7a")
    story.file_release(company, release)
    say("Filings", "activity at MIIT and record at SAMR accepted", "N45-7a")
    _ship(company, campaign_id, 3, "N45-7a")


def _parameters(company: story.Company, home: Path) -> str:
    release = story.write_release(company, home, FASTER)
    say("Class", f"{FASTER.name} {FASTER.version} is {_classes(release)}: speed_max 120 -> 130 km/h", "N45-7b")
    campaign_id = story.campaign(company, "Highway assist 4.2.1", release, [2, 18, 80], filter={"sold": True})
    story.file_release(company, release)
    _refused(company, campaign_id, "N45-7b")
    story.permit(company, FASTER)
    say("Permit", "product change permit granted for both models", "N45-7b")
    _ship(company, campaign_id, 3, "N45-7b")
    return campaign_id


def _altered(company: story.Company, settings: Settings) -> None:
    release = story.write_release(company, settings.home, ALTERED)
    story.file_release(company, release)
    vins = _vins(company, "HY7000C", 5)
    campaign_id = story.campaign(company, "Cockpit 5.2.1", release, [100], vins=vins)
    sha256 = release["package"]["sha256"]
    stored = settings.artifacts / sha256[:2] / sha256[2:]
    genuine = stored.read_bytes()
    mode = stored.stat().st_mode
    stored.chmod(0o600)
    stored.write_bytes(bytes([genuine[0] ^ 1]) + genuine[1:])
    company.as_("Zhao Min").post(f"/api/v1/campaigns/{campaign_id}/start")
    counts = story.wait_until(company, campaign_id, lambda c: c.get("failed", 0) >= len(vins), 90)
    if counts.get("attested"):
        raise Broken("a vehicle installed bytes that were changed after approval")
    stored.write_bytes(genuine)
    stored.chmod(mode)
    company.as_("Zhao Min").post(f"/api/v1/campaigns/{campaign_id}/stop")
    say(
        "Tampering",
        f"one bit of the approved package changed on the server: {len(vins)} of {len(vins)} vehicles refused",
        "N45 II.3",
    )


def _prove(settings: Settings, passphrases: Mapping[str, str], campaign_id: str, evidence: Path) -> None:
    report = installation.check_records(settings)
    if not report.clean:
        raise Broken(f"verify found differences: {report.differences[:3]}")
    say("Verify", f"{report.events} events and {report.rows} records agree with the signed log", "N45 I.3.1")
    export_campaign(settings, passphrases["WORKER"], campaign_id, evidence)
    outcome = report_bundle(evidence, settings.trust / "log.vkey")
    if not outcome.clean:
        raise Broken(f"the evidence bundle does not verify: {outcome.differences[:3]}")
    say("Evidence", f"{evidence} written and verified offline", "N45 I.3.1")


def _classes(release: Mapping[str, Any]) -> str:
    labels = sorted({label for one in release["classifications"] for label in one["labels"]})
    tiers = sorted({str(one["tier"]) for one in release["classifications"]})
    return f"{'+'.join(labels)} (tier {', '.join(tiers)})"


def _refused(company: story.Company, campaign_id: str, clause: str) -> None:
    status, problem = company.as_("Zhao Min").attempt("POST", f"/api/v1/campaigns/{campaign_id}/start")
    if status != 409:
        raise Broken(f"the gate should have been closed, but start answered {status}: {json.dumps(problem)[:300]}")
    tokens = ", ".join(finding["code"] for finding in problem["findings"])
    say("Gate", f"start refused, missing: {tokens}", clause)


def _ship(company: story.Company, campaign_id: str, waves: int, clause: str) -> None:
    zhao = company.as_("Zhao Min")
    for number in range(1, waves + 1):
        zhao.post(f"/api/v1/campaigns/{campaign_id}/{'start' if number == 1 else 'advance'}")
        counts = story.wait_until(company, campaign_id, story.settled, 240)
        shipped = f"wave {number} of {waves}: {counts.get('attested', 0)} vehicles attest the expected hash"
        say("Wave", f"{shipped}, {counts.get('failed', 0)} failed", clause)
    zhao.post(f"/api/v1/campaigns/{campaign_id}/complete")


def _vins(company: story.Company, model: str, count: int) -> list[str]:
    found = company.as_("Lin Qiao").get("/api/v1/vehicles", vehicle_type_id=company.types[model], limit=count)
    return [vehicle["vin"] for vehicle in found["items"][:count]]
