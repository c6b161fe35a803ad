"""verify names the record behind any single edit, for every table and column of the product.

`make test` tries some edits of every column, other kinds for other columns, chosen by a fixed rule, and some
deletions and insertions of every table; `make test-long` tries all of them, on more rows.
"""

from collections import defaultdict
from zlib import crc32

import pytest
from sqlalchemy import func, select

from roadworthy.installation import CYCLES, check_records
from roadworthy.kernel.errors import Broken
from roadworthy.transparency.reading import key_of
from tests.company import no_tables_of_tests
from tests.conftest import LONG, PRODUCT_TABLES
from tests.tamper import edits, names
from tests.tampering.shell import changing, named, put, verify

TABLES = [table for table in PRODUCT_TABLES if "cache" not in table.info]
RECORDS = [table for table in TABLES if "record" in table.info]
CACHES = {"clock_watch", "director_bundle", "outbox", "pending", "session"}
ROWS, PICKS = (3, 0) if LONG else (2, 2)


def test_the_caches_are_few_and_each_says_why():
    caches = {table.name: table.info["cache"] for table in PRODUCT_TABLES if "cache" in table.info}
    assert caches.keys() == CACHES
    assert all(len(reason.split()) > 8 for reason in caches.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_company_has_rows_of_every_record_table(company, table):
    with company.database.read() as view:
        rows = view.scalar(select(func.count()).select_from(table))
    assert rows, f"{table.name} is empty: let tests/tampering/life.py do what fills it"


def test_an_untouched_company_verifies(company):
    with no_tables_of_tests():
        report = check_records(company.settings)
    assert report.clean, report.differences
    assert report.pending == 0
    assert report.size == report.published > 256, "the log has a full tile"
    assert CYCLES.keys() == {table.name for table in TABLES if "status" in table.columns}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_any_single_edit_names_the_record(company, table):
    missed, count = [], 0
    for edit in chosen(company, table):
        edit.apply()
        found = verify(company)
        if not names(found, edit):
            missed.append(f"{edit.key} {edit.description}: {[(d.table, d.key) for d in found.differences]}")
        edit.undo()
        count += 1
    print(f"{count} edits of {table.name}")
    assert missed == []
    assert verify(company).clean


def chosen(company, table):
    """All edits in the long run; otherwise PICKS of each column."""
    by_column = defaultdict(list)
    for edit in edits(company.database, [table], rows=ROWS):
        by_column[edit.column].append(edit)
    assert set(by_column) == {"", *(column.name for column in table.columns)}
    for column, made in by_column.items():
        first = crc32(f"{table.name}.{column}".encode())
        step = 1 if LONG else max(1, len(made) // PICKS)
        places = range(len(made)) if LONG else {(first + n * step) % len(made) for n in range(PICKS)}
        yield from [made[place] for place in sorted(places)]


@pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
def test_two_records_that_change_places_are_both_named(company, table):
    """The first and the last record keep their keys and get each other's content."""
    keys = table.info["key"]
    with changing(company) as shell:
        rows = [dict(row) for row in shell.execute(f"SELECT * FROM {table.name} ORDER BY rowid").fetchall()]
        if len(rows) < 2 or set(keys) == set(rows[0]):
            return
        pair = (rows[0], rows[-1])
        for row in pair:
            where = " AND ".join(f"{name} = ?" for name in keys)
            shell.execute(f"DELETE FROM {table.name} WHERE {where}", [row[name] for name in keys])
        for row, other in (pair, pair[::-1]):
            put(shell, table.name, {**other, **{name: row[name] for name in keys}})
        assert {(table.name, key_of(table, row)) for row in pair} <= named(company)


@pytest.mark.parametrize("revision", ["another", None])
def test_an_edited_schema_version_is_refused_by_name(company, revision):
    with changing(company) as shell:
        if revision:
            shell.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        else:
            shell.execute("DELETE FROM alembic_version")
        with no_tables_of_tests(), pytest.raises(Broken, match=f"at revision {revision}"):
            check_records(company.settings)
