"""A small world for the tests of the log: two record tables, a life cycle, a signer, a database with a log."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table

from roadworthy.database import FLEET, Actor, Database, Instant, JsonText, metadata, record_table
from roadworthy.database.schema import event, event_row, pending
from roadworthy.kernel.lifecycle import Lifecycle, Move
from roadworthy.kernel.time import SetTime
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.sequencer import Sequencer
from roadworthy.transparency.store import log_checkpoint, log_entry, log_place

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ACTOR = Actor("USR-test", frozenset({"keeper"}))


@dataclass(frozen=True)
class TestSigner:
    """An Ed25519 key made of a seed, with the shape that signing keys have."""

    __test__ = False
    name: str = "log.example/roadworthy"
    seed: bytes = bytes(range(32))
    key: Ed25519PrivateKey = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", Ed25519PrivateKey.from_private_bytes(self.seed))

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


SIGNER = TestSigner()
VKEY = vkey_of(SIGNER)

box = record_table(
    "test_box",
    Column("id", String(32), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("label", String(32)),
    Column("count", Integer, nullable=False),
    Column("sealed", Boolean, nullable=False),
    Column("facts", JsonText),
    Column("seal", LargeBinary(32)),
    Column("made_at", Instant, nullable=False),
)
thing = record_table(
    "test_thing",
    Column("box_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("vin", String(17), nullable=False),
    Column("salt", String(32), nullable=False),
    key=("box_id", "number"),
)
BOX = Lifecycle("box", "empty", (Move("empty", "fill", "full", "keeper"), Move("full", "ship", "gone", "keeper")))
CYCLES = {"test_box": BOX}
TABLES: list[Table] = [event, event_row, pending, log_entry, log_place, log_checkpoint, box, thing]


def open_database(folder: Path, *, create: bool = False) -> Database:
    database = Database(f"sqlite:///{folder / 'roadworthy.db'}", SetTime(START))
    if create:
        metadata.create_all(database.engine, tables=TABLES)
    return database


def sequencer(database: Database, folder: Path, batch: int = 4096) -> Sequencer:
    return Sequencer(database, folder / "log", SIGNER, batch)


def make_box(database: Database, name: str, *, things: int = 0, facts: object = None) -> str:
    with database.begin(ACTOR) as work:
        work.insert(
            box,
            {"id": name, "status": "empty", "label": None, "count": things, "sealed": False, "facts": facts,
             "seal": None, "made_at": work.now},
        )  # fmt: skip
        return work.record("box.made", name, {"things": things}).id


def fill_box(database: Database, name: str, things: int = 0) -> str:
    with database.begin(ACTOR) as work:
        move, _ = work.move(box, {"id": name}, BOX, "fill", {"label": "filled", "seal": b"\x07" * 32})
        work.insert_all(thing, [thing_row(name, n) for n in range(things)])
        return work.record("box.filled", name, {"things": things}, move=move).id


def report(database: Database, name: str, number: int) -> str:
    """Let a vehicle say something: a fleet event, with one row when `number` >= 0."""
    with database.begin(Actor("vehicle:VEH-1")) as work:
        work.insert(thing, thing_row(name, number))
        return work.record("thing.reported", name, {"number": number}, lane=FLEET).id


def thing_row(name: str, number: int) -> dict[str, object]:
    return {"box_id": name, "number": number, "vin": f"LSVAA4187E{number:07d}", "salt": f"{number:032x}"}


def all_events(database: Database) -> Iterator[str]:
    with database.read() as view:
        yield from [row.id for row in view.all(event.select().order_by(event.c.seq))]
