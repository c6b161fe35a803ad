"""JSON API of vehicle types, variants, ECUs and parameter definitions."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.database import Actor
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound, Unusable
from roadworthy.kernel.time import to_text
from roadworthy.products import actions, store
from roadworthy.products.model import (
    AnnouncementKind,
    ClientProfile,
    EcuId,
    ParameterDefinition,
    ParameterType,
    TypId,
    VarId,
)
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1", tags=["products"])
SignedIn = Annotated[Actor, Depends(signed_in)]


class Body(BaseModel):
    """A body without unknown fields."""

    model_config = ConfigDict(extra="forbid")


class NewVehicleType(Body):
    """A vehicle type to add."""

    model_code: str
    name: str
    automation_level: int = Field(strict=True)
    licensed_manufacturer: str | None = None
    imported: bool = False
    annex2_supplemented: bool = False


class VehicleTypeChanges(Body):
    """What to change of a vehicle type; absent fields stay."""

    name: str | None = None
    automation_level: int | None = Field(default=None, strict=True)
    licensed_manufacturer: str | None = None
    imported: bool | None = None
    annex2_supplemented: bool | None = None


class NewVariant(Body):
    """A variant to add."""

    code: str
    name: str = ""


class NewEcu(Body):
    """An ECU to add; `influences` null means not determined."""

    name: str
    hardware_id: str
    supplier: str
    client_profile: str = ClientProfile.TUF
    is_primary: bool = False
    holds_driving_automation: bool = False
    approval_relevant: bool = False
    influences: list[str] | None = None


class EcuChanges(Body):
    """What to change of an ECU; absent fields stay."""

    supplier: str | None = None
    client_profile: str | None = None
    is_primary: bool | None = None
    holds_driving_automation: bool | None = None
    approval_relevant: bool | None = None
    influences: list[str] | None = None


class VariantChanges(Body):
    """The new name of a variant."""

    name: str


class NewAnnouncement(Body):
    """In which batch of the announcement (公告) a model stood: first, change, extension or revocation."""

    batch: int = Field(strict=True)
    announced_on: str
    kind: AnnouncementKind = AnnouncementKind.FIRST


class CatalogueChoice(Body):
    """Which catalogue to load: a shipped one by `name`, or `entries` of one's own in the same form."""

    name: str | None = None
    entries: list[dict[str, Any]] | None = None


class Label(Body):
    """A label in both languages."""

    zh: str
    en: str


class NewParameter(Body):
    """A parameter to define."""

    key: str
    label: Label
    type: ParameterType
    unit: str = ""
    is_main: bool | None = None
    tolerance: str | None = None
    annex2: bool = False
    needed_if: str | None = None
    needs_report: bool = False
    source: str = ""


class ParameterChanges(Body):
    """What to change of a parameter; absent fields stay."""

    label: Label | None = None
    unit: str | None = None
    is_main: bool | None = None
    tolerance: str | None = None
    annex2: bool | None = None
    needed_if: str | None = None
    needs_report: bool | None = None
    source: str | None = None


@router.get("/vehicle-types")
def vehicle_types(request: Request, _actor: SignedIn, after: str = "", limit: int = 50) -> dict[str, Any]:
    """List vehicle types."""
    with request.app.state.database.read() as view:
        found = store.list_vehicle_types(view, after, page_limit(limit))
    return page([one.to_json() for one in found], limit)


@router.post("/vehicle-types", status_code=201)
def add_vehicle_type(request: Request, actor: SignedIn, body: NewVehicleType) -> dict[str, Any]:
    """Add a vehicle type."""
    return actions.add_vehicle_type(request.app.state.database, actor, **body.model_dump()).to_json()


@router.get("/vehicle-types/{type_id}")
def vehicle_type(request: Request, _actor: SignedIn, type_id: str) -> dict[str, Any]:
    """Give a vehicle type with its variants, ECUs and announcements."""
    with request.app.state.database.read() as view:
        found = store.load_vehicle_type(view, TypId.parse(type_id))
        variants = [one.to_json() for one in store.list_variants(view, type_id)]
        ecus = [one.to_json() for one in store.list_ecus(view, [type_id])]
        announced = [one.to_json() for one in store.list_announcements(view, type_id)]
    return {**found.to_json(), "variants": variants, "ecus": ecus, "announcements": announced}


@router.patch("/vehicle-types/{type_id}")
def amend_vehicle_type(request: Request, actor: SignedIn, type_id: str, body: VehicleTypeChanges) -> dict[str, Any]:
    """Change a vehicle type."""
    changes = body.model_dump(exclude_unset=True)
    return actions.amend_vehicle_type(request.app.state.database, actor, TypId.parse(type_id), **changes).to_json()


@router.post("/vehicle-types/{type_id}/retire")
def retire(request: Request, actor: SignedIn, type_id: str) -> dict[str, Any]:
    """Retire a vehicle type."""
    return actions.retire(request.app.state.database, actor, TypId.parse(type_id)).to_json()


@router.post("/vehicle-types/{type_id}/reinstate")
def reinstate(request: Request, actor: SignedIn, type_id: str) -> dict[str, Any]:
    """Take a retired vehicle type back."""
    return actions.reinstate(request.app.state.database, actor, TypId.parse(type_id)).to_json()


@router.post("/vehicle-types/{type_id}/variants", status_code=201)
def add_variant(request: Request, actor: SignedIn, type_id: str, body: NewVariant) -> dict[str, Any]:
    """Add a variant."""
    database = request.app.state.database
    return actions.add_variant(database, actor, TypId.parse(type_id), body.code, body.name).to_json()


@router.patch("/variants/{variant_id}")
def amend_variant(request: Request, actor: SignedIn, variant_id: str, body: VariantChanges) -> dict[str, Any]:
    """Rename a variant."""
    return actions.amend_variant(request.app.state.database, actor, VarId.parse(variant_id), body.name).to_json()


@router.post("/vehicle-types/{type_id}/announcements", status_code=201)
def add_announcement(request: Request, actor: SignedIn, type_id: str, body: NewAnnouncement) -> dict[str, Any]:
    """Enter in which batch of the announcement a model stood."""
    database = request.app.state.database
    made = actions.add_announcement(
        database, actor, TypId.parse(type_id), body.batch, body.announced_on, body.kind
    )  # fmt: skip
    return made.to_json()


@router.post("/vehicle-types/{type_id}/ecus", status_code=201)
def add_ecu(request: Request, actor: SignedIn, type_id: str, body: NewEcu) -> dict[str, Any]:
    """Add an ECU."""
    return actions.add_ecu(request.app.state.database, actor, TypId.parse(type_id), **body.model_dump()).to_json()


@router.patch("/ecus/{ecu_id}")
def amend_ecu(request: Request, actor: SignedIn, ecu_id: str, body: EcuChanges) -> dict[str, Any]:
    """Change an ECU."""
    changes = body.model_dump(exclude_unset=True)
    return actions.amend_ecu(request.app.state.database, actor, EcuId.parse(ecu_id), **changes).to_json()


@router.get("/parameters")
def parameters(request: Request, _actor: SignedIn) -> dict[str, Any]:
    """Give all parameter definitions."""
    with request.app.state.database.read() as view:
        return {"items": [one.to_json() for one in store.all_definitions(view).values()], "next": None}


@router.post("/parameters", status_code=201)
def define_parameter(request: Request, actor: SignedIn, body: NewParameter) -> dict[str, Any]:
    """Define a parameter."""
    values = body.model_dump() | {"label": Text(body.label.zh, body.label.en)}
    return actions.define_parameter(request.app.state.database, actor, ParameterDefinition(**values)).to_json()


@router.patch("/parameters/{key}")
def amend_parameter(request: Request, actor: SignedIn, key: str, body: ParameterChanges) -> dict[str, Any]:
    """Change a parameter."""
    changes = body.model_dump(exclude_unset=True)
    if body.label is not None:
        changes["label"] = Text(body.label.zh, body.label.en)
    return actions.amend_parameter(request.app.state.database, actor, key, **changes).to_json()


@router.get("/catalogues")
def catalogues(_actor: SignedIn) -> dict[str, Any]:
    """Give the names of the shipped catalogues of parameters."""
    return {"items": actions.catalogues(), "next": None}


@router.get("/catalogues/{name}")
def catalogue(_actor: SignedIn, name: str) -> dict[str, Any]:
    """Give the entries of a shipped catalogue."""
    return {"items": [one.to_json() for one in actions.catalogue(name)], "next": None}


@router.post("/catalogues")
def load_catalogue(request: Request, actor: SignedIn, body: CatalogueChoice) -> dict[str, Any]:
    """Define what a catalogue has and the company has not; entries that differ are kept and named."""
    if (body.name is None) == (body.entries is None):
        raise Unusable("Give either the name of a shipped catalogue or entries.", at="name")
    entries = actions.catalogue(body.name) if body.name is not None else map(actions.parse_entry, body.entries or ())
    return actions.load_catalogue(request.app.state.database, actor, entries).to_json()


@router.get("/history/{subject}")
def history(request: Request, _actor: SignedIn, subject: str) -> dict[str, Any]:
    """Give what happened to a vehicle type, variant, ECU or `parameter:KEY`."""
    if not subject.startswith(("TYP-", "VAR-", "ECU-", "ANN-", "parameter:")):
        raise NotFound(f"{subject[:40]} is no vehicle type, variant, ECU, announcement or parameter:KEY.")
    with request.app.state.database.read() as view:
        found = store.history(view, subject)
    return {"items": [{**one, "at": to_text(one["at"])} for one in found], "next": None}
