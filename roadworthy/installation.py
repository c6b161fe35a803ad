"""Sets up an installation and opens it: folders, keys in four custodies, roots of trust, schema, first person.

What `init` makes is a development installation: all key files lie on one computer, and the log's name says so.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from roadworthy import law, reactions
from roadworthy.accounts import actions as accounts
from roadworthy.accounts.model import Person
from roadworthy.campaigns.states import ACTION, CAMPAIGN, WAVE
from roadworthy.database import Actor, Database, metadata
from roadworthy.database.migrate import check, upgrade
from roadworthy.filings.states import FILING
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.time import SystemTime, Time
from roadworthy.products.states import VEHICLE_TYPE
from roadworthy.releases.actions import Regime
from roadworthy.releases.states import RELEASE
from roadworthy.settings import Settings, load
from roadworthy.signing import image_repository as images
from roadworthy.signing.keys import CUSTODY, PublicKey, SigningKey, generate_key, open_key, trusted_log
from roadworthy.signing.roots import ROOT_DAYS, director_roles, image_roles, make_root
from roadworthy.signing.store import publish_image_set
from roadworthy.storage import ArtifactStore
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.verify import Report, verify_database

# table -> the life cycle of its `status`
CYCLES = {
    "vehicle_type": VEHICLE_TYPE,
    "filing": FILING,
    "release": RELEASE,
    "campaign": CAMPAIGN,
    "wave": WAVE,
    "action": ACTION,
}


@dataclass(frozen=True)
class Installation:
    """What every process of one installation opens: its settings, its database, the law it judges by."""

    settings: Settings
    time: Time
    database: Database
    regime: Regime
    artifacts: ArtifactStore

    def close(self) -> None:
        """Give everything back."""
        self.database.close()


def open_installation(settings: Settings, time: Time | None = None) -> Installation:
    """Open an installation whose schema is current; what uploads left that a crash cut off is removed.

    Raises Broken when the database is too old or new, Unusable when a rule pack cannot be loaded.
    """
    clock = time or SystemTime()
    database = Database(settings.database_url, clock, reaction_kinds=reactions.KINDS)
    check(database)
    regime = Regime(law.load_packs(), settings.company, settings.safety_policy)
    artifacts = ArtifactStore(settings.artifacts)
    artifacts.discard_drafts()
    return Installation(settings, clock, database, regime, artifacts)


def init(
    home: Path, given: Mapping[str, str | int | bool], passphrases: Mapping[str, str], administrator: str
) -> tuple[Person, str]:
    """Make a new installation in `home`; give the first administrator and the token, shown this once.

    `given` are settings for roadworthy.toml, `passphrases` one for each custody. Raises Refused when there is an
    installation already.
    """
    if (home / "roadworthy.toml").exists():
        raise Refused(f"{home} holds an installation already; choose an empty folder.", code="init.exists")
    for folder in (home, home / "keys", home / "run"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (home / "trust", home / "log", home / "artifacts"):
        folder.mkdir(parents=True, exist_ok=True)
    settings = load(home, {f"ROADWORTHY_{k.upper()}": str(v) for k, v in given.items()})
    time = SystemTime()
    for name, custody in CUSTODY.items():
        # The log key's name is the log's origin: it stands in every checkpoint.
        generate_key(
            home / "keys" / f"{name}.pem", passphrases[custody], settings.log_origin if name == "log" else name
        )
    database = Database(settings.database_url, time, reaction_kinds=reactions.KINDS)
    try:
        upgrade(database)
        _first_metadata(home, settings, passphrases, database)
        made = accounts.first_administrator(database, administrator)
    finally:
        database.close()
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in given.items()]
    _write(home / "roadworthy.toml", "\n".join(lines) + "\n")
    return made


def check_records(settings: Settings) -> Report:
    """Compare the whole database with its log; see `transparency.verify`.

    Raises Broken when the schema is not current.
    """
    database = Database(settings.database_url, SystemTime(), reaction_kinds=reactions.KINDS)
    try:
        check(database)
        with database.read(consistent=True) as view:
            return verify_database(view, settings.log, trusted_log(settings.home), CYCLES, metadata.sorted_tables)
    finally:
        database.close()


def open_keys(home: Path, custody: str, passphrase: str) -> dict[str, SigningKey]:
    """Open the keys of one custody by name.

    Raises WrongPassphrase, NoKey.
    """
    return {n: open_key(home / "keys" / f"{n}.pem", passphrase) for n, c in CUSTODY.items() if c == custody}


def _first_metadata(home: Path, settings: Settings, passphrases: Mapping[str, str], database: Database) -> None:
    """Sign both roots, the empty image repository, and publish what vehicles and auditors pin."""
    keys = {name: key for custody in set(CUSTODY.values()) for name, key in _opened(home, custody, passphrases).items()}
    public = {name: PublicKey(key.name, key.public) for name, key in keys.items()}
    now = database.time.now()
    year = now + timedelta(days=ROOT_DAYS)
    image_root = make_root(
        1,
        year,
        image_roles(public["image-root"], public["image-targets"], public["image-online"]),
        [keys["image-root"]],
    )
    director_root = make_root(
        1, year, director_roles(public["director-root"], public["director-online"]), [keys["director-root"]]
    )
    targets = images.make_targets(
        1, now + timedelta(days=images.TARGETS_DAYS), public["release"], public["gate"], [keys["image-targets"]]
    )
    released = _empty_released(now, keys["release"], keys["gate"])
    first = images.first_set(image_root, targets, released, now, keys["image-online"])
    with database.begin(Actor("system:init")) as work:
        publish_image_set(work, first)
    _write(settings.trust / "image-root.json", image_root.decode("ascii"))
    _write(settings.trust / "director-root.json", director_root.decode("ascii"))
    _write(settings.trust / "log.vkey", vkey_of(keys["log"]) + "\n")


def _empty_released(now: datetime, release: SigningKey, gate: SigningKey) -> bytes:
    portion = images.released_portion(1, now + images.RELEASED_LIFE, [])
    return images.assemble(portion, [images.sign_portion(portion, key) for key in (release, gate)])


def _opened(home: Path, custody: str, passphrases: Mapping[str, str]) -> dict[str, SigningKey]:
    return open_keys(home, custody, passphrases[custody])


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
