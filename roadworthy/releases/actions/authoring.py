"""The verbs that write a release and put its papers beside it. All of them only while it is a draft."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from roadworthy.accounts.permissions import require_any
from roadworthy.admission.actions import parse_values
from roadworthy.database import Actor, Database, Work
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import beijing_date
from roadworthy.products import store as products_store
from roadworthy.products.model import Ecu
from roadworthy.releases import rules, store
from roadworthy.releases.actions.judging import hardware_of
from roadworthy.releases.model import DosId, DossierItem, DossierKind, Release, RelId
from roadworthy.releases.states import RELEASE

# Names of one path segment each. The signed path name/version/file has at most 200 ASCII characters (TUF paths are
# compared as text), so the three lengths add up to that.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = {"name": 80, "version": 40, "filename": 78}
_SWIN = re.compile(r"[!-~]{0,60}")
_TITLE = re.compile(r"[^\x00-\x1f\x7f/\\]{1,120}")  # of a paper: any script, but no path
_PLANNED_WITHIN = timedelta(days=3 * 365)  # of today: the law counts working days by calendars that end
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
_CHECKERS = ("compliance_officer", "homologation_officer", "release_manager", "safety_engineer")


@dataclass(frozen=True)
class StoredFile:
    """What the artifact store said about bytes it took: hashes in hex, length in bytes."""

    sha256: str
    sha1: str
    md5: str
    length: int


@dataclass(frozen=True)
class Draft:
    """What a release begins with: ids of vehicle types, and of the ECUs that it touches, at least one on each type."""

    name: str
    version: str
    vehicle_type_ids: Sequence[str]
    ecu_ids: Sequence[str]
    delivery: str = "ota"
    content_only: bool = False
    planned_release: date | None = None
    swin: str = ""


def create(database: Database, actor: Actor, draft: Draft) -> Release:
    """Begin a release.

    Raises NotPermitted, NotFound for an unknown vehicle type, Unusable, Refused when name and version exist already.
    """
    _check_name("name", draft.name)
    _check_name("version", draft.version)
    if draft.delivery not in _DELIVERIES:
        raise Unusable(f"delivery is one of {', '.join(_DELIVERIES)}.", at="delivery")
    if not _SWIN.fullmatch(draft.swin):
        raise Unusable("The SWIN has at most 60 ASCII characters and no blanks.", at="swin")
    with database.begin(actor, attempt="release.create") as work:
        actor.require("release_engineer")
        _check_touched(work, draft)
        if draft.planned_release and abs(draft.planned_release - beijing_date(work.now)) > _PLANNED_WITHIN:
            raise Unusable("planned_release lies within three years of today; correct the day.", at="planned_release")
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
                "ecu_ids": sorted(set(draft.ecu_ids)),
                "planned_release": None if draft.planned_release is None else draft.planned_release.isoformat(),
                "swin": draft.swin,
                "author_id": actor.id,
                "created_at": work.now,
            },
        )
        work.record("release.created", made, {"vehicle_types": sorted(set(draft.vehicle_type_ids))})
        return store.get(work, made)


def attach_package(database: Database, actor: Actor, release_id: RelId, filename: str, stored: StoredFile) -> Release:
    """Attach the package that was stored: the image repository will know it as <release>/<version>/<file>.

    Raises Refused when it has one or is no draft, NotPermitted for anybody but its author.
    """
    _check_name("filename", filename)
    with database.begin(actor, attempt="release.package", subject=release_id) as work:
        found = _draft(work, actor, release_id, "release_engineer")
        if found.package is not None:
            raise Refused("This release has its package; begin a new version for other bytes.", code="package.exists")
        work.alone("release counter")
        line = {
            "release_id": release_id,
            "path": f"{found.name}/{found.version}/{filename}",
            "filename": filename,
            "sha256": stored.sha256,
            "sha1": stored.sha1,
            "md5": stored.md5,
            "length": stored.length,
            "hardware_ids": sorted({hw for t in found.vehicle_type_ids for hw in hardware_of(work, found, t)}),
            "release_counter": store.next_counter(work),
        }
        work.insert(store.package, line)
        told = {"counter": line["release_counter"], "length": stored.length, "sha256": stored.sha256}
        work.record("package.attached", release_id, told)
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
    except (ValueError, RecursionError) as error:
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

    Raises Refused when it is no draft, NotPermitted for anybody but its author, Unusable for an ECU that the release
    does not touch, and for parameters that are not defined or values of the wrong type.
    """
    with database.begin(actor, attempt="release.declare", subject=release_id) as work:
        found = _draft(work, actor, release_id, "release_engineer")
        if ecu_id not in found.ecu_ids:
            raise Unusable(f"This release does not touch {ecu_id}; it touches {', '.join(found.ecu_ids)}.", at="ecu")
        if not values:
            raise Unusable("Declare at least one value.", code="values.none", at="values")
        for parameter, value in parse_values(work, values).items():
            key = {"release_id": release_id, "ecu_id": ecu_id, "parameter": parameter}
            store.put(work, store.declaration, key, {"value": value, "author_id": actor.id})
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


def require_paper_role(actor: Actor, kind: str) -> None:
    """Require the role that writes papers of this kind; asked before an upload.

    Raises NotPermitted, Unusable for an unknown kind.
    """
    actor.require(_ROLE_OF_PAPER[_paper_kind(kind)])


def _paper_kind(kind: str) -> DossierKind:
    try:
        return DossierKind(kind)
    except ValueError as error:
        raise Unusable(f"kind is one of {', '.join(DossierKind)}.", at="kind") from error


def attach_paper(
    database: Database, actor: Actor, release_id: RelId, kind: str, filename: str, sha256: str
) -> DossierItem:
    """Attach a paper to the dossier, in the role that writes such papers; a second person must check it.

    Raises Unusable for an unknown kind or a file name with a path, NotPermitted, Refused when the release is withdrawn.
    """
    wanted = _paper_kind(kind)
    if not _TITLE.fullmatch(filename):
        raise Unusable("The file name has 1 to 120 characters and no path.", at="filename")
    with database.begin(actor, attempt="release.paper", subject=release_id) as work:
        actor.require(_ROLE_OF_PAPER[wanted])
        if store.get(work, release_id).status == "withdrawn":
            raise Refused("A withdrawn release takes no papers.", code="state.wrong")
        made = DosId.new(work.now)
        line = {"id": made, "release_id": release_id, "kind": str(wanted), "filename": filename}
        work.insert(store.dossier_item, {**line, "sha256": sha256, "author_id": actor.id})
        work.record("paper.attached", release_id, {"item": made, "kind": str(wanted), "sha256": sha256})
        return store.item(work, made)


def check_paper(database: Database, actor: Actor, item_id: DosId) -> DossierItem:
    """Check a paper as the second person; the author cannot.

    Raises NotPermitted for the author (a database constraint) and for the wrong role, Refused when checked already or
    when the release is withdrawn.
    """
    with database.begin(actor, attempt="release.check_paper", subject=item_id) as work:
        require_any(actor, *_CHECKERS)
        found = store.item(work, item_id)
        if store.get(work, found.release_id).status == "withdrawn":
            raise Refused("A withdrawn release takes no papers.", code="state.wrong")
        work.update(store.dossier_item, {"id": item_id}, {"approver_id": actor.id}, approver_id=None)
        work.record("paper.checked", found.release_id, {"item": item_id, "sha256": found.sha256})
        return store.item(work, item_id)


def submit(database: Database, actor: Actor, release_id: RelId) -> Release:
    """Submit a draft for approval: from now on bytes and declarations are frozen, and what they are compared with.

    Raises Refused without package or bill of materials.
    """
    with database.begin(actor, attempt="release.submit", subject=release_id) as work:
        found = store.get(work, release_id)
        lacking = [f for f in rules.readiness(found, store.dossier_of(work, release_id)) if f.code != "APPROVAL"]
        missing = [f for f in lacking if f.state != "open"]
        if missing:
            raise Refused("The release is not complete.", code="release.incomplete", findings=missing)
        return _move(work, release_id, "submit", "release.submitted", {"submitted_at": work.now})


def send_back(database: Database, actor: Actor, release_id: RelId) -> Release:
    """Send a submitted release back to its author."""
    with database.begin(actor, attempt="release.return", subject=release_id) as work:
        return _move(work, release_id, "return", "release.returned", {"submitted_at": None})


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


def _move(work: Work, release_id: RelId, verb: str, kind: str, changes: Mapping[str, Any] | None = None) -> Release:
    store.get(work, release_id)
    step, _ = work.move(store.release, {"id": release_id}, RELEASE, verb, changes)
    work.record(kind, release_id, move=step)
    return store.get(work, release_id)


def _draft(work: Work, actor: Actor, release_id: RelId, role: str) -> Release:
    actor.require(role)
    found = store.get(work, release_id)
    if actor.id != found.author_id:
        # Else somebody could write into a release and then approve it as its second person.
        raise NotPermitted("Only the author writes a release; ask the author, or begin a new one.", code="author.other")
    if found.status != RELEASE.initial:
        raise Refused(
            f"This release is {found.status}: its bytes and declarations are frozen. Begin a new version instead.",
            code="release.frozen",
        )
    return found


def _check_name(what: str, text: str) -> None:
    if not _NAME.fullmatch(text) or len(text) > _LONGEST[what]:
        raise Unusable(
            f"{what} {text[:60]!r}: use letters, digits, '.', '_' and '-', 1 to {_LONGEST[what]} of them, "
            "a letter or digit first.",
            at=what,
        )


def _check_touched(work: Work, draft: Draft) -> None:
    """Check that each vehicle type is known and has a touched ECU, and that every touched ECU is of one of them."""
    if not draft.vehicle_type_ids or not draft.ecu_ids:
        raise Unusable("Name at least one vehicle type and one touched ECU.", at="ecus")
    for type_id in draft.vehicle_type_ids:
        products_store.load_vehicle_type(work, type_id)
    known: dict[str, Ecu] = {ecu.id: ecu for ecu in products_store.list_ecus(work, draft.vehicle_type_ids)}
    if unknown := sorted(set(draft.ecu_ids) - set(known)):
        raise Unusable(f"{unknown[0][:40]} is no ECU of these vehicle types.", code="ecu.unknown", at="ecus")
    touched = {known[ecu_id].vehicle_type_id for ecu_id in draft.ecu_ids}
    if idle := sorted(set(draft.vehicle_type_ids) - touched):
        raise Unusable(f"No ECU of {idle[0]} is touched; leave the type out, or name one.", code="ecu.none", at="ecus")
