"""Sets up an installation and opens it: folders, keys in four custodies, roots of trust, schema, first person.

What `init` makes is a development installation: all key files lie on one computer, and the log's name says so.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from roadworthy import law, reactions
from roadworthy.accounts import actions as accounts
from roadworthy.accounts.model import Person
from roadworthy.accounts.rules import parse_name
from roadworthy.admission.states import FINDING, PLAN, RECEIPT, REPORT, SWIN
from roadworthy.campaigns.states import ACTION, CAMPAIGN, WAVE
from roadworthy.clocks.states import CLOCK, TIMER
from roadworthy.couriers.interface import Courier
from roadworthy.couriers.states import DISPATCH
from roadworthy.database import Actor, Database, metadata
from roadworthy.database.migrate import check, upgrade
from roadworthy.filings import actions as filings
from roadworthy.filings.states import FILING
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.time import SystemTime, Time
from roadworthy.products.states import VEHICLE_TYPE
from roadworthy.releases.actions import Regime
from roadworthy.releases.states import RELEASE
from roadworthy.rulebook import actions as rulebook
from roadworthy.rulebook.states import ACTIVATION, PACK
from roadworthy.settings import Settings, load
from roadworthy.signing import image_repository as images
from roadworthy.signing.files import replace_file
from roadworthy.signing.keys import (
    CUSTODY,
    SHORTEST_PASSPHRASE,
    PublicKey,
    SigningKey,
    WrongPassphrase,
    generate_key,
    open_key,
    trusted_log,
)
from roadworthy.signing.roots import ROOT_DAYS, director_roles, image_roles, make_root
from roadworthy.signing.store import publish_image_set
from roadworthy.storage import ArtifactStore
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.verify import Report, verify_database

# table -> the life cycle of its `status`
CYCLES = {
    "vehicle_type": VEHICLE_TYPE,
    "test_report": REPORT,
    "supplement_receipt": RECEIPT,
    "swin": SWIN,
    "consistency_finding": FINDING,
    "admission_plan": PLAN,
    "filing": FILING,
    "release": RELEASE,
    "campaign": CAMPAIGN,
    "wave": WAVE,
    "action": ACTION,
    "pack_version": PACK,
    "pack_activation": ACTIVATION,
    "clock": CLOCK,
    "timer": TIMER,
    "dispatch": DISPATCH,
}


@dataclass(frozen=True)
class Installation:
    """What every process of one installation opens: its settings, its database, the law it judges by.

    `couriers` are the ways to the authorities, by channel.
    """

    settings: Settings
    time: Time
    database: Database
    regime: Regime
    artifacts: ArtifactStore
    couriers: Mapping[str, Courier] = field(default_factory=dict)

    def close(self) -> None:
        """Give everything back."""
        self.database.close()


def open_installation(
    settings: Settings, time: Time | None = None, *, migrate: bool = False, environ: Mapping[str, str] | None = None
) -> Installation:
    """Open an installation whose schema is current; with `migrate` (the server) it is made so first.

    What uploads left that a crash cut off is removed. The worker's `environ` holds the secrets of the channels, in
    ROADWORTHY_PASSPHRASE_MIIT_CHANNEL and the like.

    Raises Broken when the database is too old or new, Unusable when a rule pack cannot be loaded.
    """
    clock = time or SystemTime()
    database = Database(settings.database_url, clock, reaction_kinds=reactions.KINDS)
    try:
        if migrate:
            upgrade(database)
        check(database)
        rulebook.adopt(database)
        regime = Regime(law.load_packs(), settings.company, settings.safety_policy, rulebook.packs_at)
    except BaseException:
        database.close()
        raise
    artifacts = ArtifactStore(settings.artifacts)
    artifacts.discard_drafts()
    try:
        couriers = _couriers(settings, artifacts, clock, environ or {})
    except BaseException:
        database.close()
        raise
    return Installation(settings, clock, database, regime, artifacts, couriers)


def _couriers(
    settings: Settings, artifacts: ArtifactStore, time: Time, environ: Mapping[str, str]
) -> dict[str, Courier]:
    uris = {"MIIT": settings.miit_channel, "SAMR": settings.samr_channel}
    return filings.open_channels(
        uris, artifacts, time, lambda name: environ.get(f"ROADWORTHY_PASSPHRASE_{name}_CHANNEL", "")
    )


def init(
    home: Path, given: Mapping[str, str | int | bool], passphrases: Mapping[str, str], administrator: str
) -> tuple[Person, str]:
    """Make a new installation in `home`, an empty folder or none yet; give the first administrator and the token.

    `given` are settings for roadworthy.toml, `passphrases` one for each custody. When something fails, what was made
    in `home` is taken away again. Raises Refused when `home` is not empty or the database holds people already,
    WrongPassphrase for one that is missing or too short, Unusable for a setting or a name.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise Refused(f"{home} is not an empty folder; choose another one.", code="init.exists")
    _check_passphrases(passphrases)
    parse_name(administrator)
    settings = load(home, {f"ROADWORTHY_{k.upper()}": str(v) for k, v in given.items()})
    there = home.exists()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _fill(home, settings, given, passphrases, administrator)
    except BaseException:
        for made in home.iterdir():
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        if not there:
            home.rmdir()
        raise


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


def _check_passphrases(passphrases: Mapping[str, str]) -> None:
    for custody in sorted(set(CUSTODY.values())):
        if len(passphrases.get(custody, "")) < SHORTEST_PASSPHRASE:
            raise WrongPassphrase(
                f"The passphrase of the {custody} keys has fewer than {SHORTEST_PASSPHRASE} characters; choose another."
            )


def _fill(
    home: Path,
    settings: Settings,
    given: Mapping[str, str | int | bool],
    passphrases: Mapping[str, str],
    administrator: str,
) -> tuple[Person, str]:
    """Fill the folder of a new installation; roadworthy.toml, which makes it one, comes last."""
    home.chmod(0o700)  # a folder that was there already may be open to others
    for folder in (settings.keys, settings.run):
        folder.mkdir(mode=0o700)
    for folder in (settings.trust, settings.log, settings.artifacts):
        folder.mkdir()
    for name, custody in CUSTODY.items():
        # The log key's name is the log's origin: it stands in every checkpoint.
        told = settings.log_origin if name == "log" else name
        generate_key(settings.keys / f"{name}.pem", passphrases[custody], told)
    database = Database(settings.database_url, SystemTime(), reaction_kinds=reactions.KINDS)
    try:
        upgrade(database)
        made = accounts.first_administrator(database, administrator)
        _first_metadata(home, settings, passphrases, database)
    finally:
        database.close()
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in given.items()]
    _write(home / "roadworthy.toml", "\n".join(lines) + "\n", mode=0o600)  # a database address may hold a password
    return made


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


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    replace_file(path, text.encode("utf-8"), mode=mode)
