"""The verbs that write a release and put its papers beside it. All of them only while it is a draft."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from roadworthy.database import Actor, Database, Work
from roadworthy.kernel.errors import NotFound, Refused, Unusable
from roadworthy.kernel.event import Json, canonical
from roadworthy.releases import rules, store
from roadworthy.releases.model import DosId, DossierItem, DossierKind, Release, RelId
from roadworthy.releases.states import RELEASE

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_DELIVERIES = ("ota", "remote_enable", "cloud_only", "workshop", "on_vehicle_restore")
_ROLE_OF_PAPER = {
    DossierKind.RISK: "safety_engineer",
    DossierKind.SAFETY: "safety_engineer",
    DossierKind.INDEPENDENCE: "safety_engineer",
    DossierKind.TEST: "release_engineer",
    DossierKind.SUMS: "release_engineer",
    DossierKind.NOTICE: "compliance_officer",
    DossierKind.CONSUMER: "compliance_officer",
    DossierKind.VERIFICATION: "homologation_officer",
    DossierKind.SURVEY: "homologation_officer",
}


@dataclass(frozen=True)
class StoredFile:
    """What the artifact store said about bytes it took: hashes in hex, length in bytes."""

    sha256: str
    sha1: str
    md5: str
    length: int


@dataclass(frozen=True)
class Draft:
    """What a release begins with. `ecus` maps each touched ECU id to its hardware id, as `products` knows them."""

    name: str
    version: str
    vehicle_type_ids: Sequence[str]
    ecus: Mapping[str, str]
    delivery: str = "ota"
    content_only: bool = False
    planned_release: date | None = None
    swin: str = ""


def create(database: Database, actor: Actor, draft: Draft) -> Release:
    """Begin a release. The caller has checked that types and ECUs exist.

    Raises NotPermitted, Unusable for an unusable name, Refused when name and version exist already.
    """
    for what, text in (("name", draft.name), ("version", draft.version)):
        if not _NAME.fullmatch(text):
            raise Unusable(f"{what} {text[:60]!r}: use letters, digits, '.', '_' and '-', 1 to 120.", at=what)
    if draft.delivery not in _DELIVERIES:
        raise Unusable(f"delivery is one of {', '.join(_DELIVERIES)}.", at="delivery")
    if not draft.vehicle_type_ids or not draft.ecus:
        raise Unusable("Name at least one vehicle type and one touched ECU.", at="ecus")
    with database.begin(actor, attempt="release.create") as work:
        actor.require("release_engineer")
        made = RelId.new(work.now)
        work.insert(
            store.release,
            {
                "id": made,
                "name": draft.name,
                "version": draft.version,
                "status": RELEASE.initial,
                "delivery": draft.delivery,
                "content_only": draft.content_only,
                "vehicle_type_ids": sorted(set(draft.vehicle_type_ids)),
                "ecu_ids": sorted(draft.ecus),
                "planned_release": None if draft.planned_release is None else draft.planned_release.isoformat(),
                "swin": draft.swin,
                "author_id": actor.id,
                "created_at": work.now,
            },
        )
        work.record("release.created", made, {"vehicle_types": sorted(set(draft.vehicle_type_ids))})
        return store.get(work, made)


def attach_package(
    database: Database, actor: Actor, release_id: RelId, filename: str, stored: StoredFile, ecus: Mapping[str, str]
) -> Release:
    """Attach the package that was stored: the image repository will know it as <release>/<version>/<file>.

    `ecus` maps the release's ECU ids to hardware ids. Raises Refused when it has one or is no draft.
    """
    if not _NAME.fullmatch(filename):
        raise Unusable(f"file name {filename[:60]!r}: use letters, digits, '.', '_' and '-'.", at="filename")
    with database.begin(actor, attempt="release.package", subject=release_id) as work:
        found = _draft(work, actor, release_id, "release_engineer")
        if found.package is not None:
            raise Refused("This release has its package; begin a new version for other bytes.", code="package.exists")
        hardware = tuple(sorted({ecus[ecu] for ecu in found.ecu_ids}))
        work.insert(
            store.package,
            {
                "release_id": release_id,
                "path": f"{found.name}/{found.version}/{filename}",
                "filename": filename,
                "sha256": stored.sha256,
                "sha1": stored.sha1,
                "md5": stored.md5,
                "length": stored.length,
                "hardware_ids": list(hardware),
                "release_counter": store.next_counter(work, hardware),
            },
        )
        work.record("package.attached", release_id, {"length": stored.length, "sha256": stored.sha256})
        return store.get(work, release_id)


def attach_sbom(database: Database, actor: Actor, release_id: RelId, content: bytes, sha256: str) -> int:
    """Attach the CycloneDX bill of materials; give the number of components.

    Raises Unusable when it is no valid CycloneDX JSON 1.2 to 1.6, Refused when there is one already.
    """
    version, components = parse_sbom(content)
    with database.begin(actor, attempt="release.sbom", subject=release_id) as work:
        _draft(work, actor, release_id, "release_engineer")
        if store.dossier_of(work, release_id).sbom is not None:
            raise Refused("This release has its bill of materials already.", code="sbom.exists")
        line = {"release_id": release_id, "sha256": sha256, "spec_version": version, "components": components}
        work.insert(store.sbom, line)
        work.record("sbom.attached", release_id, {"components": components, "sha256": sha256})
    return components


def parse_sbom(content: bytes) -> tuple[str, int]:
    """Read a CycloneDX JSON bill of materials; give its schema version and number of components.

    Raises Unusable with the first fault.
    """
    try:
        bill: Any = json.loads(content)
    except ValueError as error:
        raise Unusable(f"The bill of materials is no JSON: {error}.", code="sbom.json") from error
    version = str(bill.get("specVersion")) if isinstance(bill, dict) else "none"
    try:
        schema = SchemaVersion.from_version(version)
        fault = JsonStrictValidator(schema).validate_str(content.decode("utf-8"))
    except (ValueError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise Unusable(f"CycloneDX version {version[:20]!r} cannot be read: {error}.", code="sbom.version") from error
    if fault is not None:
        raise Unusable(
            f"The bill of materials breaks the CycloneDX {version} schema: {fault}"[:400], code="sbom.schema"
        )
    components = bill.get("components", [])
    if not components:
        raise Unusable("The bill of materials lists no component; export it again from the build.", code="sbom.empty")
    return version, len(components)


def declare(database: Database, actor: Actor, release_id: RelId, ecu_id: str, values: Mapping[str, Json]) -> Release:
    """Declare the parameter values that an ECU's new software sets (decimals as text); declares again over old ones.

    Raises Refused when it is no draft, Unusable for an ECU that the release does not touch.
    """
    with database.begin(actor, attempt="release.declare", subject=release_id) as work:
        found = _draft(work, actor, release_id, "release_engineer")
        if ecu_id not in found.ecu_ids:
            raise Unusable(f"This release does not touch {ecu_id}; it touches {', '.join(found.ecu_ids)}.", at="ecu")
        for parameter, value in sorted(values.items()):
            key = {"release_id": release_id, "ecu_id": ecu_id, "parameter": parameter}
            store.put(work, store.declaration, key, {"value": _plain(parameter, value), "author_id": actor.id})
        work.record("release.declared", release_id, {"ecu": ecu_id, "parameters": sorted(values)})
        return store.get(work, release_id)


def state_answer(database: Database, actor: Actor, release_id: RelId, fact: str, value: Json) -> None:
    """State a fact that only a person can know, in the role that may; each statement stands in the log.

    Raises Unusable for a computed or unknown fact (nobody types the class), NotPermitted for the wrong role.
    """
    with database.begin(actor, attempt="release.answer", subject=release_id) as work:
        rules.check_answer(fact, value, actor.roles)
        found = store.get(work, release_id)
        if found.status == "withdrawn":
            raise Refused("A withdrawn release takes no answers.", code="state.wrong")
        key = {"release_id": release_id, "fact": fact}
        store.put(work, store.answer, key, {"value": value, "author_id": actor.id, "at": work.now})
        work.record("fact.answered", release_id, {"fact": fact, "value": value})


def attach_paper(
    database: Database, actor: Actor, release_id: RelId, kind: str, filename: str, sha256: str
) -> DossierItem:
    """Attach a paper to the dossier, in the role that writes such papers; a second person must check it.

    Raises Unusable for an unknown kind, NotPermitted, Refused when the release is withdrawn.
    """
    try:
        wanted = DossierKind(kind)
    except ValueError as error:
        raise Unusable(f"kind is one of {', '.join(DossierKind)}.", at="kind") from error
    with database.begin(actor, attempt="release.paper", subject=release_id) as work:
        actor.require(_ROLE_OF_PAPER[wanted])
        if store.get(work, release_id).status == "withdrawn":
            raise Refused("A withdrawn release takes no papers.", code="state.wrong")
        made = DosId.new(work.now)
        line = {"id": made, "release_id": release_id, "kind": str(wanted), "filename": filename[:120]}
        work.insert(store.dossier_item, {**line, "sha256": sha256, "author_id": actor.id})
        work.record("paper.attached", release_id, {"item": made, "kind": str(wanted), "sha256": sha256})
        return store.item(work, made)


def check_paper(database: Database, actor: Actor, item_id: DosId) -> DossierItem:
    """Check a paper as the second person; the author cannot.

    Raises NotPermitted for the author (a database constraint) and for the wrong role, Refused when checked already.
    """
    with database.begin(actor, attempt="release.check_paper", subject=item_id) as work:
        found = store.item(work, item_id)
        if not actor.roles & {"release_manager", "compliance_officer", "safety_engineer", "homologation_officer"}:
            actor.require("compliance_officer")
        work.update(store.dossier_item, {"id": item_id}, {"approver_id": actor.id}, approver_id=None)
        work.record("paper.checked", found.release_id, {"item": item_id, "sha256": found.sha256})
        return store.item(work, item_id)


def submit(database: Database, actor: Actor, release_id: RelId) -> Release:
    """Submit a draft for approval: from now on bytes and declarations are frozen.

    Raises Refused without package or bill of materials.
    """
    with database.begin(actor, attempt="release.submit", subject=release_id) as work:
        found = store.get(work, release_id)
        lacking = [f for f in rules.readiness(found, store.dossier_of(work, release_id)) if f.code != "APPROVAL"]
        missing = [f for f in lacking if f.state != "open"]
        if missing:
            raise Refused("The release is not complete.", code="release.incomplete", findings=missing)
        return _move(work, release_id, "submit", "release.submitted")


def send_back(database: Database, actor: Actor, release_id: RelId) -> Release:
    """Send a submitted release back to its author."""
    with database.begin(actor, attempt="release.return", subject=release_id) as work:
        return _move(work, release_id, "return", "release.returned")


def approve(database: Database, actor: Actor, release_id: RelId) -> Release:
    """Approve a submitted release as somebody who is not its author (a database constraint).

    Raises NotPermitted for the author, WrongState.
    """
    with database.begin(actor, attempt="release.approve", subject=release_id) as work:
        found = store.get(work, release_id)
        step, _ = work.move(store.release, {"id": release_id}, RELEASE, "approve", {"approver_id": actor.id})
        sha256 = found.package.sha256 if found.package else ""
        work.record("release.approved", release_id, {"author": found.author_id, "sha256": sha256}, move=step)
        return store.get(work, release_id)


def withdraw(database: Database, actor: Actor, release_id: RelId) -> Release:
    """Withdraw a release: its leases stop counting at once, and the image repository drops it."""
    with database.begin(actor, attempt="release.withdraw", subject=release_id) as work:
        return _move(work, release_id, "withdraw", "release.withdrawn")


def _move(work: Work, release_id: RelId, verb: str, kind: str) -> Release:
    store.get(work, release_id)
    step, _ = work.move(store.release, {"id": release_id}, RELEASE, verb)
    work.record(kind, release_id, move=step)
    return store.get(work, release_id)


def _draft(work: Work, actor: Actor, release_id: RelId, role: str) -> Release:
    actor.require(role)
    found = store.get(work, release_id)
    if found.status != "draft":
        raise Refused(
            f"This release is {found.status}: its bytes and declarations are frozen. Begin a new version instead.",
            code="release.frozen",
        )
    return found


def _plain(parameter: str, value: Json) -> Json:
    try:
        canonical(value)
    except Exception as error:
        raise Unusable(f'{parameter}: write decimals as text, such as "13.9".', at=parameter) from error
    if value is None:
        raise NotFound(f"{parameter}: declare a value, or leave the parameter out (then it is unknown).")
    return value
