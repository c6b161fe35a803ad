"""JSON API of vehicles: import, export, list, provisioning."""

from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict

from roadworthy.database import Actor, Database
from roadworthy.fleet import actions, store
from roadworthy.fleet.model import ImpId, VehicleFilter, VehId
from roadworthy.kernel.errors import Malformed
from roadworthy.kernel.vin import parse_vin
from roadworthy.products.model import TypId, VarId
from roadworthy.products.sheets import MAX_SHEET_BYTES
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1", tags=["fleet"])
SignedIn = Annotated[Actor, Depends(signed_in)]
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Changes(BaseModel):
    """What to change of a vehicle; absent fields stay."""

    model_config = ConfigDict(extra="forbid")
    sold: bool | None = None
    test_fleet: bool | None = None
    province: str | None = None


class Provisioning(BaseModel):
    """Which vehicles to provision: either ids or an import."""

    model_config = ConfigDict(extra="forbid")
    vehicle_ids: list[str] | None = None
    import_id: str | None = None
    renew: bool = False


class Wanted(BaseModel):
    """Which vehicles, as query parameters; repeat a parameter for several values."""

    vehicle_type_id: list[str] | None = None
    variant_id: list[str] | None = None
    province: list[str] | None = None
    vin: list[str] | None = None
    sold: bool | None = None
    test_fleet: bool | None = None


def _filter(wanted: Annotated[Wanted, Query()]) -> VehicleFilter:
    return VehicleFilter(
        tuple(TypId.parse(one) for one in wanted.vehicle_type_id) if wanted.vehicle_type_id else None,
        tuple(VarId.parse(one) for one in wanted.variant_id) if wanted.variant_id else None,
        tuple(wanted.province) if wanted.province else None,
        wanted.sold,
        wanted.test_fleet,
        tuple(parse_vin(one) for one in wanted.vin) if wanted.vin else None,
    )


Filtered = Annotated[VehicleFilter, Depends(_filter)]


@router.get("/vehicles")
def vehicles(request: Request, _actor: SignedIn, wanted: Filtered, after: str = "", limit: int = 50) -> dict[str, Any]:
    """List vehicles."""
    with request.app.state.database.read() as view:
        found = store.page_vehicles(view, wanted, after, page_limit(limit))
    return page([one.to_json() for one in found], limit)


@router.get("/vehicles/export.csv")
def export(request: Request, _actor: SignedIn, wanted: Filtered) -> StreamingResponse:
    """Give vehicles as CSV that can be imported again."""
    with request.app.state.database.read() as view:
        store.page_vehicles(view, wanted, limit=1)  # a filter that cannot be used is refused before the answer begins
    return StreamingResponse(_exported(request.app.state.database, wanted), media_type=_MEDIA["csv"])


@router.get("/templates/{what}.{kind}")
def template(_actor: SignedIn, what: str, kind: str) -> Response:
    """Give an empty table to fill in."""
    content = actions.template(what, kind)
    headers = {"content-disposition": f'attachment; filename="{what}.{kind}"'}
    return Response(content, media_type=_MEDIA[kind], headers=headers)


@router.post("/vehicles/import", status_code=201)
def import_vehicles(
    request: Request,
    actor: SignedIn,
    file: Annotated[UploadFile, File()],
    skip_bad: Annotated[bool, Form()] = False,
) -> dict[str, Any]:
    """Import vehicles from CSV or Excel."""
    database = request.app.state.database
    return actions.import_vehicles(database, actor, _sized(file), skip_bad=skip_bad).to_json()


@router.post("/ecus/import", status_code=201)
def import_ecus(
    request: Request,
    actor: SignedIn,
    file: Annotated[UploadFile, File()],
    skip_bad: Annotated[bool, Form()] = False,
) -> dict[str, Any]:
    """Import ECU units with their own public keys from CSV or Excel."""
    database = request.app.state.database
    return actions.import_ecus(database, actor, _sized(file), skip_bad=skip_bad).to_json()


@router.post("/vehicles/provision", status_code=201)
def provision(request: Request, actor: SignedIn, body: Provisioning) -> dict[str, Any]:
    """Make the secrets of vehicles; they are shown this once."""
    ids = None if body.vehicle_ids is None else [VehId.parse(one) for one in body.vehicle_ids]
    import_id = None if body.import_id is None else ImpId.parse(body.import_id)
    database = request.app.state.database
    made = actions.provision(database, actor, ids, import_id=import_id, renew=body.renew)
    return {"items": [one.to_json() for one in made], "next": None}


@router.get("/vehicles/{vehicle_id}")
def vehicle(request: Request, _actor: SignedIn, vehicle_id: str) -> dict[str, Any]:
    """Give a vehicle with its ECU units."""
    with request.app.state.database.read() as view:
        found = store.load_vehicle(view, VehId.parse(vehicle_id))
        return {**found.to_json(), "ecus": [unit.to_json() for unit in store.units_of(view, vehicle_id)]}


@router.patch("/vehicles/{vehicle_id}")
def amend_vehicle(request: Request, actor: SignedIn, vehicle_id: str, body: Changes) -> dict[str, Any]:
    """Change a vehicle."""
    database = request.app.state.database
    return actions.amend_vehicle(database, actor, VehId.parse(vehicle_id), **body.model_dump()).to_json()


def _exported(database: Database, wanted: VehicleFilter) -> Iterator[str]:
    with database.read() as view:  # held while the answer streams: the table is of one moment
        yield from actions.export_csv(view, wanted)


def _sized(file: UploadFile) -> BinaryIO:
    if (file.size or 0) > MAX_SHEET_BYTES:
        raise Malformed(f"The file has {file.size} bytes; at most {MAX_SHEET_BYTES} are read. Divide it.", at="file")
    return file.file
