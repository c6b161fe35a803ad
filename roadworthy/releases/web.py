"""JSON API of releases. Bodies of packages and papers are streamed into the artifact store, never held in memory."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.database import Actor, Database, View
from roadworthy.kernel.errors import NotFound, Unusable
from roadworthy.kernel.event import Json
from roadworthy.products import store as products_store
from roadworthy.releases import actions, store
from roadworthy.releases.model import DosId, Release, RelId
from roadworthy.webui.http import page, page_limit, signed_in
from roadworthy.webui.uploads import body_chunks

router = APIRouter(prefix="/api/v1/releases", tags=["releases"])
Signed = Annotated[Actor, Depends(signed_in)]
MAX_PAPER = 200 * 2**20
MAX_SBOM = 32 * 2**20


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewRelease(_Body):
    """What a release begins with; vehicle types by id or model code, ECUs by id."""

    name: str
    version: str
    vehicle_types: list[str] = Field(min_length=1)
    ecus: list[str] = Field(min_length=1)
    delivery: str = "ota"
    content_only: bool = False
    planned_release: date | None = None
    swin: str = ""


class Values(_Body):
    """Parameter values by key; decimals as text."""

    values: dict[str, Any] = Field(min_length=1)


class Value(_Body):
    """The value of one fact."""

    value: Any


@router.post("", status_code=201)
def create(request: Request, actor: Signed, body: NewRelease) -> dict[str, Any]:
    """Begin a release."""
    database: Database = request.app.state.database
    with database.read() as view:
        types = [_type_id(view, text) for text in body.vehicle_types]
    draft = actions.Draft(
        body.name, body.version, types, body.ecus, body.delivery, body.content_only, body.planned_release, body.swin
    )
    return _json(actions.create(database, actor, draft))


@router.get("")
def list_releases(request: Request, actor: Signed, after: str = "", limit: int = 50) -> dict[str, Any]:  # noqa: ARG001
    """List releases, oldest first."""
    with request.app.state.database.read() as view:
        return page([_json(r) for r in store.page(view, after, page_limit(limit) + 1)], limit)


@router.get("/{release_id}")
def show(request: Request, actor: Signed, release_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Show a release with its dossier and newest classifications."""
    with request.app.state.database.read() as view:
        found = store.get(view, RelId.parse(release_id))
        dossier = store.dossier_of(view, found.id)
        classes = store.latest_classifications(view, found.id)
    return {
        **_json(found),
        "papers": [asdict(item) for item in dossier.items],
        "answers": dict(dossier.answers),
        "declared": {ecu: dict(values) for ecu, values in dossier.declared.items()},
        "sbom": None if dossier.sbom is None else asdict(dossier.sbom),
        "classifications": [
            {"vehicle_type": c.vehicle_type_id, "labels": c.labels, "tier": c.tier, "decision": c.decision}
            for c in classes
        ],
    }


@router.post("/{release_id}/package", status_code=201)
def attach_package(
    request: Request, actor: Signed, release_id: str, filename: str, sha256: str = "", length: int | None = None
) -> dict[str, Any]:
    """Attach the package: the body is the file; `sha256` and `length` are checked when given."""
    wanted = RelId.parse(release_id)
    database: Database = request.app.state.database
    actor.require("release_engineer")  # and all that can be refused, before the upload, which may be large
    with database.read() as view:
        store.get(view, wanted)
    stored = _store(request, request.app.state.settings.max_package_bytes, sha256, length)
    return _json(actions.attach_package(database, actor, wanted, filename, stored))


@router.post("/{release_id}/sbom", status_code=201)
def attach_sbom(request: Request, actor: Signed, release_id: str, filename: str = "") -> dict[str, Any]:  # noqa: ARG001
    """Attach the CycloneDX JSON bill of materials: the body is the file."""
    actor.require("release_engineer")
    stored = _store(request, MAX_SBOM)
    content = request.app.state.artifacts.path(stored.sha256).read_bytes()
    database: Database = request.app.state.database
    components = actions.attach_sbom(database, actor, RelId.parse(release_id), content, stored.sha256)
    return {"components": components, "sha256": stored.sha256}


@router.post("/{release_id}/papers", status_code=201)
def attach_paper(request: Request, actor: Signed, release_id: str, kind: str, filename: str) -> dict[str, Any]:
    """Attach a dossier paper: the body is the file."""
    actions.require_paper_role(actor, kind)
    stored = _store(request, MAX_PAPER)
    database: Database = request.app.state.database
    return asdict(actions.attach_paper(database, actor, RelId.parse(release_id), kind, filename, stored.sha256))


@router.post("/{release_id}/papers/{item_id}/check")
def check_paper(request: Request, actor: Signed, release_id: str, item_id: str) -> dict[str, Any]:
    """Check a paper as the second person."""
    database: Database = request.app.state.database
    with database.read() as view:
        if store.item(view, DosId.parse(item_id)).release_id != RelId.parse(release_id):
            raise NotFound(f"Release {release_id} has no paper {item_id}; `roadworthy release show` lists them.")
    return asdict(actions.check_paper(database, actor, DosId.parse(item_id)))


@router.put("/{release_id}/declarations/{ecu_id}")
def declare(request: Request, actor: Signed, release_id: str, ecu_id: str, body: Values) -> dict[str, Any]:
    """Declare the parameter values that an ECU's new software sets."""
    database: Database = request.app.state.database
    return _json(actions.declare(database, actor, RelId.parse(release_id), ecu_id, body.values))


@router.put("/{release_id}/answers/{fact}")
def answer(request: Request, actor: Signed, release_id: str, fact: str, body: Value) -> dict[str, Any]:
    """State a fact that only a person can know."""
    actions.state_answer(request.app.state.database, actor, RelId.parse(release_id), fact, body.value)
    return {"fact": fact, "value": body.value}


@router.post("/{release_id}/{verb}")
def move(request: Request, actor: Signed, release_id: str, verb: str) -> dict[str, Any]:
    """Submit, return, approve, withdraw or classify a release."""
    database: Database = request.app.state.database
    wanted = RelId.parse(release_id)
    if verb == "classify":
        found = actions.classify_all(database, actor, request.app.state.regime, wanted)
        return {"classifications": [{**asdict(c), "facts": dict(c.facts), "report": dict(c.report)} for c in found]}
    verbs = {
        "submit": actions.submit,
        "return": actions.send_back,
        "approve": actions.approve,
        "withdraw": actions.withdraw,
    }
    if verb not in verbs:
        raise Unusable(f"A release cannot {verb[:20]!r}; it can: classify, {', '.join(verbs)}.", code="verb.unknown")
    return _json(verbs[verb](database, actor, wanted))


@router.get("/{release_id}/gate")
def gate(request: Request, actor: Signed, release_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Ask the gate as of now, for each vehicle type, without recording anything."""
    with request.app.state.database.read() as view:
        found = store.get(view, RelId.parse(release_id))
        judged = [actions.judge(view, request.app.state.regime, found, t) for t in found.vehicle_type_ids]
    return {"ok": all(j.decision.is_open for j in judged), "vehicle_types": [judgement_json(j) for j in judged]}


@router.get("/{release_id}/parameter-diff")
def parameter_diff(request: Request, _actor: Signed, release_id: str) -> dict[str, Any]:
    """Compare what the release's software sets with what is registered, for each vehicle type; see `undeclared`."""
    with request.app.state.database.read() as view:
        found = store.get(view, RelId.parse(release_id))
        differences = {t: actions.difference(view, found, t) for t in found.vehicle_type_ids}
    return {
        "vehicle_types": [
            {"vehicle_type": t, "changes": [asdict(one) for one in changes], "undeclared": list(undeclared)}
            for t, (changes, undeclared) in differences.items()
        ]
    }


def judgement_json(judged: actions.Judgement) -> dict[str, Json]:
    """Give one answer of the gate as JSON."""
    return {
        "vehicle_type": judged.vehicle_type_id,
        "decision": str(judged.decision.outcome),
        "labels": list(judged.labels),
        "tier": judged.tier,
        "findings": [finding.to_json() for finding in judged.decision.findings],
        "report": dict(judged.report),
        "facts": dict(judged.facts),
    }


def _store(request: Request, limit: int, sha256: str = "", length: int | None = None) -> actions.StoredFile:
    put = request.app.state.artifacts.put
    kept = put(body_chunks(request, limit), expected_sha256=sha256, expected_length=length)
    return actions.StoredFile(kept.sha256, kept.sha1, kept.md5, kept.length)


def _type_id(view: View, text: str) -> str:
    by_code = products_store.type_by_code(view, text)
    return by_code.id if by_code is not None else products_store.load_vehicle_type(view, text).id


def _json(found: Release) -> dict[str, Any]:
    return asdict(found)
