"""Tables that people send and fetch: CSV and Excel, read line by line, with an error for every wrong cell.

Reading and writing are inverse: a cell that a spreadsheet would run as a formula (it begins with = + - @, a tab or
a carriage return) is written with an apostrophe before it and read without it. Excel files are looked at by
`webui.workbooks` before they are opened.
"""

from roadworthy.products.sheets.cells import (
    CellUnusable,
    RowError,
    RowsUnusable,
    SheetColumn,
    cell_bool,
    cell_date,
    cell_text,
    cell_words,
    items_from_cell,
    items_to_cell,
    reader,
    shield,
    unshield,
)
from roadworthy.products.sheets.reading import (
    MAX_SHEET_BYTES,
    Line,
    Progress,
    Table,
    located,
    read_lines,
    read_table,
    walk,
)
from roadworthy.products.sheets.writing import error_xlsx, template_xlsx, write_csv, write_xlsx

__all__ = [
    "MAX_SHEET_BYTES", "CellUnusable", "Line", "Progress", "RowError", "RowsUnusable", "SheetColumn", "Table",
    "cell_bool", "cell_date", "cell_text", "cell_words", "error_xlsx", "items_from_cell", "items_to_cell", "located",
    "read_lines", "read_table", "reader", "shield", "template_xlsx", "unshield", "walk", "write_csv", "write_xlsx",
]  # fmt: skip
