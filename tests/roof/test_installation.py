"""Setting up: what a new installation consists of, who may read it, and that a failure leaves nothing."""

import stat
from pathlib import Path

import pytest

from roadworthy import installation
from roadworthy.database import Database
from roadworthy.database.migrate import downgrade
from roadworthy.installation import check_records, init, open_installation, open_keys
from roadworthy.kernel.errors import Broken, Refused, RoadworthyError, Unusable
from roadworthy.kernel.time import SystemTime
from roadworthy.settings import load
from roadworthy.signing.keys import CUSTODY, WrongPassphrase

PASSPHRASES = {custody: f"{custody.lower()} passphrase" for custody in sorted(set(CUSTODY.values()))}
GIVEN = {"company": '华阳 "Motor" \\ Works', "log_origin": "DEV.test.example/log", "port": 8123}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("opened") / "home"
    person, token = init(made, GIVEN, PASSPHRASES, "Ada Admin")
    assert person.roles == {"administrator"}
    assert token.startswith("rw")
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_for_their_owner_alone(home: Path) -> None:
    for folder in (home, home / "keys", home / "run"):
        assert mode(folder) == 0o700, folder
    secrets = [home / "roadworthy.toml", *(home / "keys" / f"{name}.pem" for name in CUSTODY)]
    for file in secrets:
        assert mode(file) == 0o600, file
    assert b"ENCRYPTED" in (home / "keys" / "gate.pem").read_bytes()


def test_each_custody_opens_its_own_keys_and_no_other(home: Path) -> None:
    for custody, passphrase in PASSPHRASES.items():
        assert set(open_keys(home, custody, passphrase)) == {n for n, c in CUSTODY.items() if c == custody}
        for other in set(PASSPHRASES) - {custody}:
            with pytest.raises(WrongPassphrase):
                open_keys(home, other, passphrase)


def test_what_was_given_is_read_back_and_a_fresh_installation_verifies(home: Path) -> None:
    settings = load(home, {})
    assert (settings.company, settings.port) == (GIVEN["company"], 8123)
    opened = open_installation(settings)
    assert opened.regime.company == GIVEN["company"]
    opened.close()
    assert check_records(settings).clean
    for name in ("image-root.json", "director-root.json", "log.vkey"):
        assert (settings.trust / name).read_text("ascii")


def test_a_folder_that_holds_anything_is_refused_and_left_as_it_is(home: Path, tmp_path: Path) -> None:
    before = (home / "roadworthy.toml").read_bytes()
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (home, tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(Refused, match="empty folder"):
            init(folder, GIVEN, PASSPHRASES, "Ada")
    assert (home / "roadworthy.toml").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    ("given", "passphrases", "name", "error"),
    [
        (GIVEN, {**PASSPHRASES, "GATE": "short"}, "Ada", WrongPassphrase),
        (GIVEN, {k: v for k, v in PASSPHRASES.items() if k != "OFFLINE"}, "Ada", WrongPassphrase),
        ({**GIVEN, "port": 0}, PASSPHRASES, "Ada", Unusable),
        ({**GIVEN, "colour": "red"}, PASSPHRASES, "Ada", Unusable),
        (GIVEN, PASSPHRASES, " ", Unusable),
    ],
)
def test_a_failure_leaves_nothing(
    tmp_path: Path,
    there: bool,
    given: dict[str, object],
    passphrases: dict[str, str],
    name: str,
    error: type[RoadworthyError],
) -> None:
    home = tmp_path / "home"
    if there:
        home.mkdir()
    with pytest.raises(error):
        init(home, given, passphrases, name)  # type: ignore[arg-type]
    assert home.exists() == there
    assert not there or not list(home.iterdir())


def test_a_failure_half_way_leaves_nothing_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(installation, "_first_metadata", full)
    with pytest.raises(OSError, match="No space"):
        init(tmp_path / "home", GIVEN, PASSPHRASES, "Ada")
    assert not (tmp_path / "home").exists()


@pytest.fixture
def older(tmp_path: Path) -> Path:
    database = Database(f"sqlite:///{tmp_path / 'roadworthy.db'}", SystemTime())
    downgrade(database, "base")
    database.close()
    return tmp_path


def test_an_older_schema_says_to_run_the_server_which_upgrades_it(older: Path) -> None:
    settings = load(older, {})
    with pytest.raises(Broken, match="run the server once"):
        open_installation(settings)
    open_installation(settings, migrate=True).close()
    open_installation(settings).close()
