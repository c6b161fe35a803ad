"""The image repository follows the leases, whatever the signers do."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from roadworthy.campaigns import actions as campaigns
from roadworthy.database import Actor
from roadworthy.filings import actions as filings
from roadworthy.filings.model import FilId
from roadworthy.gate_signer.ledger import GateLedger
from roadworthy.gate_signer.service import GateService
from roadworthy.kernel.errors import Refused
from roadworthy.publishing import Publisher
from roadworthy.releases.model import Release
from roadworthy.signing import image_repository as images
from roadworthy.signing.canonical import Signature
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import ImageSet, header_of
from roadworthy.signing.remote import SignerAway
from roadworthy.signing.roots import image_roles, make_root
from roadworthy.signing.store import load_image_set, publish_image_set
from roadworthy.transparency.making import Log
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.sequencer import Sequencer
from tests.rooms.upgrades import HOURS, Company

KEYS = {name: SigningKey.generate(name) for name in ("image-root", "image-targets", "image-online", "release", "gate")}
LOG_KEY = SigningKey.generate("test.example/log")


class Line:
    """The line to a signer, in this process: it can be cut, and notes what it was asked."""

    def __init__(self, service: GateService | None = None) -> None:
        self.service = service
        self.away = False
        self.closed: list[str] = []
        self.signed = 0

    def _ask(self, request: dict[str, Any]) -> Any:
        if self.away:
            raise SignerAway
        return {} if self.service is None else self.service.answer(request)

    def close(self, closed: list[dict[str, Any]]) -> None:
        self._ask({"closed": closed})
        self.closed += [receipt["event"] for receipt in closed]

    def last_version(self) -> int:
        return int(self._ask({"last": True})["version"])

    def sign(self, portion: str, receipts: list[dict[str, Any]]) -> Signature:
        told = self._ask({"released": portion, "receipts": receipts, "closed": []})
        self.signed += 1
        return Signature(told["keyid"], told["sig"])


class House:
    """A company with its log, its image repository and both signers."""

    def __init__(self, co: Company, folder: Path) -> None:
        self.co, self.log_dir = co, folder / "log"
        self.sequencer = Sequencer(co.database, self.log_dir, LOG_KEY)
        self.ledger = GateLedger(folder / "gate.state.json")
        self.gate = Line(GateService(KEYS["gate"], vkey_of(LOG_KEY), self.ledger, co.time))
        self.director = Line()
        self._first_set()
        self.publisher = self.new_publisher()

    def new_publisher(self) -> Publisher:
        return Publisher(self.co.database, Log(self.log_dir), KEYS, self.gate, self.director)  # type: ignore[arg-type]

    def _first_set(self) -> None:
        now, public = self.co.time.now(), {name: key.public_key for name, key in KEYS.items()}
        roles = image_roles(public["image-root"], public["image-targets"], public["image-online"])
        root = make_root(1, now + timedelta(days=365), roles, [KEYS["image-root"]])
        far = now + timedelta(days=90)
        targets = images.make_targets(1, far, public["release"], public["gate"], [KEYS["image-targets"]])
        portion = images.released_portion(1, now + images.RELEASED_LIFE, [])
        released = images.assemble(portion, [images.sign_portion(portion, KEYS[n]) for n in ("release", "gate")])
        with self.co.database.begin(Actor("system:test")) as work:
            publish_image_set(work, images.first_set(root, targets, released, now, KEYS["image-online"]))

    def tick(self, **amount: float) -> bool:
        self.co.tick(**amount)
        self.sequencer.tick()
        return self.publisher.tick()

    @property
    def images(self) -> ImageSet:
        with self.co.database.read() as view:
            found = load_image_set(view)
        assert found is not None
        return found

    @property
    def paths(self) -> list[str]:
        return images.released_targets(self.images.released)

    @property
    def expires(self) -> datetime:
        return header_of(self.images.released).expires

    def running(self, name: str = "EX1") -> tuple[Release, list[FilId]]:
        self.co.cars(name, 1)
        release = self.co.release(codes=(name,))
        filed = self.co.clear(release)
        self.co.start(self.co.campaign(release))
        return release, filed


@pytest.fixture
def house(co: Company, tmp_path: Path) -> Iterator[House]:
    made = House(co, tmp_path)
    with closing(made.ledger):
        yield made


pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def path_of(release: Release) -> str:
    assert release.package is not None
    return release.package.path


def test_a_cleared_package_is_published_once_and_a_withdrawn_one_is_taken_out_within_a_tick(house: House) -> None:
    release, filed = house.running()
    assert house.tick() is True
    assert house.paths == [path_of(release)]
    assert house.tick() is False

    filings.withdraw(house.co.database, house.co.second, filed[0], "wrong form")
    assert house.tick() is True
    assert house.paths == []


def test_nothing_is_published_before_its_decision_is_under_a_checkpoint(house: House) -> None:
    house.running()
    assert house.publisher.tick() is False
    assert house.paths == []
    assert house.tick() is True


def test_a_campaign_that_ends_early_is_told_to_both_signers_once(house: House) -> None:
    release, _ = house.running()
    house.tick()
    with house.co.database.read() as view:
        campaign = campaigns.live_leases(view)[0].campaign_id
    campaigns.stop(house.co.database, house.co.manager, campaign)
    house.tick()
    house.tick()
    assert len(house.gate.closed) == len(house.director.closed) == 1
    assert house.ledger.closed
    assert house.paths == []
    house.publisher = house.new_publisher()  # a new process tells again: it does no harm
    house.tick()
    assert len(house.gate.closed) == 2
    assert release


def test_a_director_that_is_away_does_not_keep_a_withdrawn_package_published(house: House) -> None:
    _, filed = house.running()
    house.tick()
    with house.co.database.read() as view:
        campaign = campaigns.live_leases(view)[0].campaign_id
    house.director.away = True
    campaigns.pause(house.co.database, house.co.manager, campaign)
    with pytest.raises(SignerAway):
        house.tick()
    assert house.paths == []
    assert house.gate.closed
    house.director.away = False
    house.tick()
    assert len(house.director.closed) == 1
    assert filed


def test_while_the_gate_signer_is_away_what_is_cleared_lives_on_and_what_is_withdrawn_dies(house: House) -> None:
    _, filed = house.running()
    house.tick()
    house.gate.away = True
    before = header_of(house.images.timestamp)
    house.co.tick(hours=13)
    campaigns.renew(house.co.database, house.co.regime, HOURS)
    with pytest.raises(SignerAway):
        house.tick()  # the new lease is to be published, and cannot be
    after = header_of(house.images.timestamp)
    assert after.expires > before.expires

    filings.withdraw(house.co.database, house.co.second, filed[0], "wrong form")
    with pytest.raises(SignerAway):
        house.tick(hours=12)
    assert header_of(house.images.timestamp) == after  # nothing prolongs what is not cleared any more
    house.gate.away = False
    house.tick()
    assert house.paths == []


def test_one_package_that_the_gate_signer_refuses_does_not_hold_up_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good, _ = house.running()
    house.co.model("EX2")
    bad, _ = house.running("EX2")
    whole = house.gate.sign

    def sign(portion: str, receipts: list[dict[str, Any]]) -> Signature:
        if path_of(bad) in portion:
            raise Refused("its clock is behind", code="gate.not_cleared", at=path_of(bad))
        return whole(portion, receipts)

    monkeypatch.setattr(house.gate, "sign", sign)
    assert house.tick() is True
    assert house.paths == [path_of(good)]
    assert "its clock is behind" in caplog.text
    signed = house.gate.signed
    assert house.tick(seconds=1) is False
    assert house.gate.signed == signed  # it is not asked at every tick

    monkeypatch.setattr(house.gate, "sign", whole)
    assert house.tick(minutes=1) is True
    assert sorted(house.paths) == sorted([path_of(good), path_of(bad)])


def test_released_ends_with_the_first_lease_it_rests_on_and_is_renewed_with_them(house: House) -> None:
    house.running()
    house.tick()
    first_end = house.expires
    house.co.tick(hours=6)
    house.running()
    house.tick()
    assert house.expires == first_end  # of two leases the older one bounds it

    house.co.tick(hours=7)
    campaigns.renew(house.co.database, house.co.regime, HOURS)
    house.tick()
    assert house.expires > first_end
    with house.co.database.read() as view:
        assert house.expires == min(one.not_after for one in campaigns.live_leases(view)).replace(microsecond=0)


def test_over_days_clients_always_find_fresh_metadata(house: House) -> None:
    house.running()
    house.tick()
    for _ in range(40):
        house.co.tick(hours=3)
        campaigns.renew(house.co.database, house.co.regime, HOURS)
        house.tick()
        now = house.co.time.now()
        for role in ("released", "snapshot", "timestamp"):
            assert header_of(house.images.of_role(role)).expires - now > timedelta(hours=3), role
    assert len(house.paths) == 1
    assert house.gate.signed < 20


def test_an_idle_repository_is_renewed_in_time_and_only_then(house: House) -> None:
    published = [house.tick(hours=1) for _ in range(48)]
    assert 3 <= sum(published) <= 5
    assert house.paths == []


def test_the_hardware_of_all_leases_is_cleared_together_and_no_other(house: House) -> None:
    house.co.model("EX2")
    house.co.ecu("EX2", "BIG", hardware_id="big-hw9", influences=())
    house.co.cars("EX1", 1)
    house.co.cars("EX2", 1)
    release = house.co.release(codes=("EX1", "EX2"))
    house.co.clear(release)
    house.co.start(house.co.campaign(release))
    house.tick()
    assert b'"hardwareIds":["adcu-hw1"]' in house.images.released
    assert b'"gate":["GTE-' in house.images.released
