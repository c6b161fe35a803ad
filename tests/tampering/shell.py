"""Editing a company's data behind its back, as somebody with a SQL shell and the folder would."""

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager

from roadworthy.database import metadata
from roadworthy.installation import CYCLES
from roadworthy.kernel.event import canonical, row_digest
from roadworthy.kernel.merkle import leaf_hash, root_of
from roadworthy.transparency.reading import key_of, strict_values
from roadworthy.transparency.store import rows_digest
from roadworthy.transparency.verify import verify_database
from tests.conftest import PRODUCT_TABLES


def verify(company):
    """What `roadworthy verify` does, without looking at the schema's revision each time."""
    tables = [metadata.tables[table.name] for table in PRODUCT_TABLES]
    with company.database.read(consistent=True) as view:
        return verify_database(view, company.settings.log, company.log_vkey, CYCLES, tables)


def named(company):
    """The records that verify names, as (table, key)."""
    return {(found.table, found.key) for found in verify(company).differences}


@contextmanager
def changing(company):
    """A SQL shell on the database with all guards off; database and log folder are put back afterwards."""
    home = company.home
    company.close()
    shutil.copytree(home, home.with_name("kept"))
    try:
        with closing(sqlite3.connect(home / "roadworthy.db", isolation_level=None)) as shell:
            shell.row_factory = sqlite3.Row
            for (name,) in shell.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                shell.execute(f"DROP TRIGGER {name}")
            yield shell
    finally:
        company.close()
        shutil.rmtree(home)
        home.with_name("kept").rename(home)


def put(shell, table, row):
    """Insert a row."""
    marks = ", ".join("?" for _ in row)
    shell.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def erase(shell, event):
    """Delete an event with its lines and its place; what it wrote stays."""
    shell.execute("DELETE FROM event WHERE seq = ?", (event["seq"],))
    shell.execute("DELETE FROM event_row WHERE event_id = ?", (event["id"],))
    shell.execute("DELETE FROM log_place WHERE event_seq = ?", (event["seq"],))


def rewrite(shell, table, changes):
    """Change a record and all that follows from it: its event's line, body, place and entry; give the entry's idx."""
    of = metadata.tables[table]
    row = dict(shell.execute(f"SELECT * FROM {table} ORDER BY rowid DESC").fetchone()) | changes
    key = key_of(of, row)
    shell.execute(
        f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in changes)} WHERE id = ?", [*changes.values(), key]
    )
    line = shell.execute(
        "SELECT r.*, e.seq, e.body, p.idx FROM event_row r JOIN event e ON e.id = r.event_id"
        " JOIN log_place p ON p.event_seq = e.seq WHERE table_name = ? AND row_key = ? ORDER BY e.seq DESC",
        (table, key),
    ).fetchone()
    event_id = line["event_id"]
    digest = row_digest(table, key, strict_values(of, row)[0])
    shell.execute(
        "UPDATE event_row SET digest = ? WHERE event_id = ? AND position = ?", (digest, event_id, line["position"])
    )
    lines = shell.execute("SELECT * FROM event_row WHERE event_id = ? ORDER BY position", (event_id,)).fetchall()
    body = json.loads(line["body"])
    body["rows"]["root"] = root_of([one["digest"] for one in lines]).hex()
    text = canonical(body).decode("ascii")
    names = rows_digest((one["table_name"], one["row_key"], one["digest"]) for one in lines)
    shell.execute("UPDATE event SET body = ? WHERE seq = ?", (text, line["seq"]))
    shell.execute("UPDATE log_place SET rows = ? WHERE event_seq = ?", (names, line["seq"]))
    entry = (text, leaf_hash(text.encode("ascii")), line["idx"])
    shell.execute("UPDATE log_entry SET entry = ?, leaf_hash = ? WHERE idx = ?", entry)
    return line["idx"]
