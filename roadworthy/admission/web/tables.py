"""JSON API of tables: template, export, upload with every wrong cell, error file, confirmation.

An upload is stored under its SHA-256 and checked; nothing is written until it is confirmed by that name. How far a
check or an import is can be asked meanwhile, from the process that does it.
"""

import threading
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, BinaryIO

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from roadworthy.accounts.permissions import require_any
from roadworthy.admission.actions import build_records_table, reports_table, values_table
from roadworthy.admission.web.routing import SignedIn, router
from roadworthy.database import Actor, Database
from roadworthy.kernel.errors import NotFound
from roadworthy.products.actions import Sheet, check_table, ecus_table, import_table, parameters_table
from roadworthy.products.sheets import MAX_SHEET_BYTES, Progress, error_xlsx, template_xlsx, write_csv, write_xlsx
from roadworthy.webui.uploads import body_chunks

SHOWN_ERRORS = 5_000
TABLES: Mapping[str, Sheet[Any]] = {
    one.name: one for one in (parameters_table, ecus_table, values_table, reports_table, build_records_table)
}
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NO_EXPORT = "build-records"
_lock = threading.Lock()


@router.get("/tables")
def tables(_actor: SignedIn) -> dict[str, Any]:
    """Give what tables there are, with their columns, the words an import takes, and the filters of an export."""
    return {"items": [_described(one) for one in TABLES.values()], "next": None}


@router.get("/tables/{what}/template.{kind}")
def template(_actor: SignedIn, what: str, kind: str) -> Response:
    """Give an empty table to fill in, as csv or xlsx."""
    sheet, media = _table(what), _media(kind)
    plain = "".join(write_csv(sheet.columns, ())).encode("utf-8-sig")
    content = template_xlsx(sheet.columns) if kind == "xlsx" else plain
    return Response(content, media_type=media, headers=_named(f"{what}.{kind}"))


@router.get("/tables/{what}/export.{kind}")
def export(
    request: Request,
    _actor: SignedIn,
    what: str,
    kind: str,
    model_code: str = "",
    key: str = "",
    parameter: str = "",
) -> Response:
    """Give what a filter shows as a table that can be sent again; filters that the table has not are refused."""
    sheet, media = _table(what), _media(kind)
    if what == _NO_EXPORT:
        raise NotFound("Build records are not exported; read the checks and findings.")
    filters = {"model_code": model_code, "key": key, "parameter": parameter}
    if stray := [name for name, value in filters.items() if value and name not in sheet.filters]:
        raise NotFound(f"The table {what} has no filter {stray[0]}; it has {', '.join(sheet.filters)}.")
    database: Database = request.app.state.database
    if kind == "csv":
        return StreamingResponse(_lines(database, sheet, filters), media_type=media, headers=_named(f"{what}.csv"))
    with database.read() as view:
        content = write_xlsx(sheet.columns, sheet.export(view, filters))
    return Response(content, media_type=media, headers=_named(f"{what}.xlsx"))


@router.post("/tables/{what}/uploads", status_code=201)
def upload(request: Request, actor: SignedIn, what: str, filename: str = "") -> dict[str, Any]:  # noqa: ARG001 - for logs
    """Store a filled table and check it without writing anything: the body is the file. Confirm it by `upload`."""
    sheet = _table(what)
    require_any(actor, *sheet.roles)
    kept = request.app.state.artifacts.put(body_chunks(request, MAX_SHEET_BYTES))
    return {**_checked(request, actor, sheet, kept.sha256), "upload": kept.sha256}


@router.get("/tables/{what}/uploads/{upload_id}")
def progress(request: Request, actor: SignedIn, what: str, upload_id: str) -> dict[str, Any]:
    """Say how far the check or import of an upload is: rows read, and of how many when that is known."""
    require_any(actor, *_table(what).roles)
    with _lock:
        found = _progress(request).get(f"{what}/{upload_id}")
    if found is None:
        raise NotFound("This process has not read such an upload; send the file again.")
    return {"upload": upload_id, "rows": found[0], "of": found[1]}


@router.get("/tables/{what}/uploads/{upload_id}/check")
def check(request: Request, actor: SignedIn, what: str, upload_id: str) -> dict[str, Any]:
    """Check an upload again, for instance after the records changed."""
    sheet = _table(what)
    require_any(actor, *sheet.roles)
    return {**_checked(request, actor, sheet, upload_id), "upload": upload_id}


@router.get("/tables/{what}/uploads/{upload_id}/errors.xlsx")
def errors(request: Request, actor: SignedIn, what: str, upload_id: str) -> Response:
    """Give an upload with its wrong cells marked and a sheet that lists them all; corrected, it can be sent again."""
    sheet = _table(what)
    require_any(actor, *sheet.roles)
    with _opened(request, upload_id) as stream:
        found = check_table(request.app.state.database, actor, sheet, stream)
        stream.seek(0)
        content = error_xlsx(stream, sheet.columns, found.errors)
    return Response(content, media_type=_MEDIA["xlsx"], headers=_named(f"{what}-errors.xlsx"))


@router.post("/tables/{what}/uploads/{upload_id}/confirm")
def confirm(
    request: Request,
    actor: SignedIn,
    what: str,
    upload_id: str,
    ground: Annotated[str, Query(max_length=32)] = "",
    reference: Annotated[str, Query(max_length=120)] = "",
    source: Annotated[str, Query(max_length=120)] = "",
) -> dict[str, Any]:
    """Bring an upload in, whole or not at all; `ground` and `reference` for values, `source` for build records."""
    sheet = _table(what)
    options = {"ground": ground, "reference": reference, "source": source, "upload": upload_id}
    with _opened(request, upload_id) as stream:
        told = _teller(request, what, upload_id)
        found = import_table(request.app.state.database, actor, sheet, stream, options, told)
    return found.to_json(SHOWN_ERRORS)


def _checked(request: Request, actor: Actor, sheet: Sheet[Any], upload_id: str) -> dict[str, Any]:
    with _opened(request, upload_id) as stream:
        told = _teller(request, sheet.name, upload_id)
        found = check_table(request.app.state.database, actor, sheet, stream, progress=told)
    return found.to_json(SHOWN_ERRORS)


def _opened(request: Request, upload_id: str) -> BinaryIO:
    stream: BinaryIO = request.app.state.artifacts.open(upload_id)
    return stream


def _teller(request: Request, what: str, upload_id: str) -> Progress:
    def tell(rows: int, of: int | None) -> None:
        with _lock:
            kept = _progress(request)
            kept.pop(f"{what}/{upload_id}", None)
            kept[f"{what}/{upload_id}"] = (rows, of)
            while len(kept) > 100:  # the oldest are over
                kept.pop(next(iter(kept)))

    tell(0, None)
    return tell


def _progress(request: Request) -> dict[str, tuple[int, int | None]]:
    kept: dict[str, tuple[int, int | None]] | None = getattr(request.app.state, "table_progress", None)
    if kept is None:
        kept = request.app.state.table_progress = {}
    return kept


def _described(one: Sheet[Any]) -> dict[str, Any]:
    columns = [
        {"key": c.key, "zh": c.zh, "required": c.required, "help": c.help.to_json()} for c in one.columns
    ]  # fmt: skip
    return {"name": one.name, "columns": columns, "options": dict(one.options), "filters": list(one.filters)}


def _table(what: str) -> Sheet[Any]:
    if what not in TABLES:
        raise NotFound(f"There is no table {what[:40]!r}; there are: {', '.join(TABLES)}.")
    return TABLES[what]


def _media(kind: str) -> str:
    if kind not in _MEDIA:
        raise NotFound("Tables are csv or xlsx.")
    return _MEDIA[kind]


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def _lines(database: Database, sheet: Sheet[Any], filters: Mapping[str, str]) -> Iterator[str]:
    with database.read() as view:  # held while the answer streams: the table is of one moment
        yield "\ufeff"
        yield from write_csv(sheet.columns, sheet.export(view, filters))
