"""Data to standard output as a table, JSON, or JSON lines; messages never mix with it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table


class Format(StrEnum):
    """What `-o` takes."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


def show(value: Any, how: Format, columns: Sequence[str] = ()) -> None:
    """Print one object or a list of objects; `columns` chooses and orders a table's columns."""
    if how is Format.JSON:
        print(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True))
    elif how is Format.JSONL:
        for item in value if isinstance(value, list) else [value]:
            print(json.dumps(item, ensure_ascii=False, sort_keys=True))
    elif isinstance(value, list):
        _table(value, columns)
    else:
        _pairs(value, columns)


def _table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    lines = list(rows)
    names = list(columns) or list(lines[0] if lines else ())
    table = Table(*names, box=None, pad_edge=False, header_style="bold")
    for line in lines:
        table.add_row(*(_cell(line.get(name)) for name in names))
    Console().print(table if lines else "nothing found")


def _pairs(value: Mapping[str, Any], columns: Sequence[str]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name in columns or value:
        table.add_row(name, _cell(value.get(name)))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return ", ".join(map(str, value)) or "-"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
