"""Every table says what covers it, and personal data cannot be guessed from its digest."""

import re

import pytest
from sqlalchemy import Table

from tests.conftest import PRODUCT_TABLES

TABLES = sorted(PRODUCT_TABLES, key=lambda table: table.name)

# VINs, people, addresses, secrets: what a digest of the row alone would let anyone confirm by guessing.
PERSONAL = re.compile(r"(^|_)(vins?|owner|driver|token|email|phone|plate|address)(_|$)|^(full|first|last)_name$")
# A `name` is somebody's in tables of people; elsewhere it is a thing's.
PEOPLE = re.compile(r"(^|_)(person|people|user|contact|member)(_|$)")


def personal_columns(table: Table) -> list[str]:
    """The columns of a table that may hold personal data or a secret."""
    named = PEOPLE.search(table.name)
    return [c.name for c in table.columns if PERSONAL.search(c.name) or (named and c.name == "name")]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_a_record_append_only_or_a_cache_with_a_reason(table: Table) -> None:
    kinds = {"record", "append_only", "cache"} & set(table.info)
    assert len(kinds) == 1 or kinds == {"record", "append_only"}
    if kinds == {"cache"}:
        assert len(table.info["cache"]) > 20, "say why its loss or edit proves nothing"


@pytest.mark.parametrize("table", [t for t in TABLES if "record" in t.info], ids=lambda table: table.name)
def test_the_key_of_a_record_names_one_row(table: Table) -> None:
    key = set(table.info["key"])
    uniques = [{c.name for c in table.primary_key}]
    uniques += [{c.name for c in k.columns} for k in table.constraints if type(k).__name__ == "UniqueConstraint"]
    uniques += [{c.name} for c in table.columns if c.unique]
    assert key in uniques
    assert sum(getattr(table.c[name].type, "length", None) or 32 for name in key) <= 160, "event_row.row_key is 160"


@pytest.mark.parametrize("table", [t for t in TABLES if "record" in t.info], ids=lambda table: table.name)
def test_a_record_with_personal_data_is_salted(table: Table) -> None:
    if personal := personal_columns(table):
        assert "salt" in table.c, f"{personal} can be guessed from the row's digest; add a salt column"
        assert not table.c.salt.nullable


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_names_are_short_and_plain_for_both_databases(table: Table) -> None:
    names = [table.name, *(c.name for c in table.columns)]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{1,40}", name) for name in names)
