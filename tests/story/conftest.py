"""The company, set up once a session and copied for each story; every story ends with a clean `roadworthy verify`."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from roadworthy import law
from roadworthy.installation import open_keys
from roadworthy.releases.actions import Regime
from roadworthy.signing.keys import SigningKey
from tests.conftest import Databases
from tests.story.company import Company, Plan, Shipment, Story, establish
from tests.story.world import COMPANY, PASSPHRASES, START, found, working


@dataclass(frozen=True)
class Founded:
    """A company at rest in a folder."""

    home: Path
    company: Company
    keys: dict[str, SigningKey]
    moment: datetime


@pytest.fixture(scope="session")
def regime() -> Regime:
    return Regime(law.load_packs(), COMPANY)


def settle(home: Path, regime: Regime, **given: str) -> Founded:
    """Set up an installation and its company in `home`."""
    token = found(home, given)
    keys = open_keys(home, "WORKER", PASSPHRASES["WORKER"])
    with working(home, START + timedelta(minutes=1), regime, keys) as world:
        company = establish(world, token)
        world.tick()
        return Founded(home, company, keys, world.time.now() + timedelta(minutes=1))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, regime: Regime) -> Founded:
    return settle(tmp_path_factory.mktemp("story") / "home", regime)


@pytest.fixture
def dialect() -> str:
    """Tell the stories in SQLite, unless one asks for both."""
    return "sqlite"


@pytest.fixture(scope="session")
def shipping_template(
    template: Founded, tmp_path_factory: pytest.TempPathFactory, regime: Regime
) -> tuple[Founded, Shipment]:
    """The company with one release on its way, which no car has asked for yet."""
    home = tmp_path_factory.mktemp("shipping") / "home"
    shutil.copytree(template.home, home)
    with working(home, template.moment, regime, template.keys) as world:
        shipment = Story(world, template.company).started(Plan())
        return replace(template, home=home, moment=world.time.now() + timedelta(minutes=1)), shipment


@pytest.fixture
def story(dialect: str, tmp_path: Path, regime: Regime, request: pytest.FixtureRequest) -> Iterator[Story]:
    """A company at work on Monday, 2 March 2026."""
    home = tmp_path / "home"
    if dialect == "postgresql":
        databases: Databases = request.getfixturevalue("databases")
        yield from told(settle(home, regime, database_url=databases.empty()), regime)
    else:
        yield from told(copied(request.getfixturevalue("template"), home), regime)


@pytest.fixture
def shipment(shipping_template: tuple[Founded, Shipment]) -> Shipment:
    """The release that is on its way in `shipping`."""
    return shipping_template[1]


@pytest.fixture
def shipping(shipping_template: tuple[Founded, Shipment], tmp_path: Path, regime: Regime) -> Iterator[Story]:
    """A company at work that ships `shipment` to the three cars of model X5."""
    yield from told(copied(shipping_template[0], tmp_path / "home"), regime)


def copied(template: Founded, home: Path) -> Founded:
    shutil.copytree(template.home, home)
    return replace(template, home=home)


def told(founded: Founded, regime: Regime) -> Iterator[Story]:
    """Tell a story; whatever happens in it, afterwards the database agrees with the log."""
    with working(founded.home, founded.moment, regime, founded.keys) as world:
        yield Story(world, founded.company)
        report = world.verify()
        assert report.clean, [difference.to_json() for difference in report.differences]
