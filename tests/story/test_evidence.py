"""Notice 45, I.3.1, logging and traceability: one file proves a campaign to whoever holds the log's public key."""

import random
import zipfile
from pathlib import Path

from roadworthy.cli.bundles import export_campaign, report_bundle
from roadworthy.vehicle.agent import Status
from tests.story.company import Shipment, Story
from tests.story.world import PASSPHRASES


def test_the_evidence_of_a_campaign_verifies_offline_and_names_any_change(
    shipping: Story, shipment: Shipment, tmp_path: Path
) -> None:
    first, second, _ = shipping.cars["X5"]
    assert first.update().status is Status.ATTESTED
    second.offered()
    shipping.do("complete", shipment.campaign)
    shipping.world.tick()

    bundle, elsewhere = tmp_path / "evidence.zip", tmp_path / "elsewhere"
    export_campaign(shipping.world.settings, PASSPHRASES["WORKER"], shipment.campaign, bundle)
    elsewhere.mkdir()
    vkey = elsewhere / "log.vkey"
    vkey.write_bytes((shipping.world.settings.trust / "log.vkey").read_bytes())
    report = report_bundle(bundle, vkey)
    assert report.clean
    assert report.scope is not None
    assert report.scope["campaign"] == shipment.campaign
    assert set(report.scope["filings"]) >= {shipment.activity, shipment.record}
    assert report.scope["vehicles"] == 2
    assert_tells_the_whole_story(bundle)
    assert_names_every_flip(bundle, vkey, elsewhere)


def assert_tells_the_whole_story(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as opened:
        told = b"".join(opened.read(name) for name in opened.namelist() if name.startswith("records/")).decode()
    for kind in ("release.approved", "filing.accepted", "gate.decided", "campaign.started", "campaign.completed"):
        assert kind in told, kind
    for kind in ("assignment.made", "action.attested", "action.retrieved"):
        assert kind in told, kind


def assert_names_every_flip(bundle: Path, vkey: Path, folder: Path) -> None:
    """Flip one bit at the ends and in the middle of each member's content, and at places all over the file."""
    genuine = bundle.read_bytes()
    places = set(random.Random(45).sample(range(len(genuine)), 60)) | {0, len(genuine) - 1}
    with zipfile.ZipFile(bundle) as opened:
        starts = [(m.filename, m.header_offset + 30 + len(m.filename), m.file_size) for m in opened.infolist()]
    inside = {start + size // 2: name for name, start, size in starts[:40] if size}
    changed = folder / "changed.zip"
    for place in sorted(places | set(inside)):
        changed.write_bytes(genuine[:place] + bytes([genuine[place] ^ 1]) + genuine[place + 1 :])
        report = report_bundle(changed, vkey)
        assert not report.clean, f"byte {place}"
        if place in inside:
            assert any(found.key == inside[place] for found in report.differences), inside[place]
