"""Gathers the facts of a release from the registries and asks the law: preview, classification, and the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roadworthy import law
from roadworthy.admission import rules as admission_rules
from roadworthy.admission import store as admission_store
from roadworthy.database import Actor, Database, View
from roadworthy.filings import actions as filings
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import Filing, FilingKind
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import VehicleFilter
from roadworthy.kernel.decision import Decision
from roadworthy.kernel.event import Json, digest_of
from roadworthy.products import store as products_store
from roadworthy.releases import rules, store
from roadworthy.releases.model import Classification, ClsId, Dossier, Release, RelId


@dataclass(frozen=True)
class Regime:
    """The law and the company that the gate judges for: packs in force, filing company, its own safety policy."""

    packs: law.Packs
    company: str
    safety_policy: bool = False


@dataclass(frozen=True)
class Scope:
    """The vehicles aimed at: whether any is sold, all are test cars, and the digest of their VINs."""

    sold: bool
    test_fleet: bool
    vin_digest: str = ""


@dataclass(frozen=True)
class Judgement:
    """The gate's answer for one release and vehicle type, with all it rests on."""

    vehicle_type_id: str
    decision: Decision
    report: Mapping[str, Any]
    facts: Mapping[str, Json]
    filing_ids: tuple[str, ...] = field(default_factory=tuple)

    @property
    def labels(self) -> tuple[str, ...]:
        """The class labels that are certain."""
        return tuple(self.report["models"][0]["labels"])

    @property
    def tier(self) -> str | None:
        """The MIIT tier, when it is certain."""
        tier: str | None = self.report["models"][0]["tier"]
        return tier

    @property
    def facts_digest(self) -> str:
        """SHA-256 of the facts."""
        return digest_of(dict(self.facts))


def judge(view: View, regime: Regime, release: Release, vehicle_type_id: str, scope: Scope | None = None) -> Judgement:
    """Ask the gate about one release and vehicle type at the moment of `view`.

    1. compute what the release changes; 2. look up the papers in force; 3. gather the facts; 4. ask the law;
    5. add the product's own conditions.
    """
    dossier = store.dossier_of(view, release.id)
    target = _target(view, release, dossier, vehicle_type_id, scope)
    papers = _Papers.of(view, release, vehicle_type_id, target.changes)
    target = replace(target, change_permit_granted=papers.change_permit is not None)
    world = _world(view, regime, release, papers, scope)
    facts = rules.facts_of(release, dossier, target, world)
    report = law.classify(facts, regime.packs, view.now).to_json()
    decision = rules.gate(report, rules.readiness(release, dossier), target.undeclared)
    return Judgement(vehicle_type_id, decision, report, facts, papers.ids)


def classify_all(database: Database, actor: Actor, regime: Regime, release_id: RelId) -> list[Classification]:
    """Judge a release for each of its vehicle types and keep the answers: what the law calls it, and why."""
    with database.begin(actor, attempt="release.classify", subject=release_id) as work:
        release = store.get(work, release_id)
        for type_id in release.vehicle_type_ids:
            judged = judge(work, regime, release, type_id)
            made = ClsId.new(work.now)
            work.insert(
                store.classification,
                {
                    "id": made,
                    "release_id": release_id,
                    "vehicle_type_id": type_id,
                    "labels": sorted(judged.labels),
                    "tier": judged.tier,
                    "decision": str(judged.decision.outcome),
                    "report": judged.report,
                    "facts": judged.facts,
                    "made_at": work.now,
                },
            )
            work.record(
                "release.classified",
                release_id,
                {
                    "classification": made,
                    "decision": str(judged.decision.outcome),
                    "facts": judged.facts_digest,
                    "labels": sorted(judged.labels),
                    "tier": judged.tier,
                    "vehicle_type": type_id,
                },
            )
        return store.latest_classifications(work, release_id)


@dataclass(frozen=True)
class _Papers:
    """The best filing of each kind that bears on one release and vehicle type, and the words for how far it is."""

    states: Mapping[str, Mapping[str, Json]]
    filed: Filing | None
    change_permit: Filing | None
    recall_plan: Filing | None
    ids: tuple[str, ...]

    @classmethod
    def of(cls, view: View, release: Release, vehicle_type_id: str, changes: Sequence[rules.Change]) -> "_Papers":
        sha256 = release.package.sha256 if release.package else None
        found = {
            FilingKind.MIIT_ENTERPRISE: filings.standing(view, FilingKind.MIIT_ENTERPRISE),
            FilingKind.MIIT_TYPE: filings.standing(view, FilingKind.MIIT_TYPE, vehicle_type_id),
            FilingKind.MIIT_ACTIVITY: filings.standing(view, FilingKind.MIIT_ACTIVITY, vehicle_type_id, sha256),
            FilingKind.SAMR_RECORD: filings.standing(view, FilingKind.SAMR_RECORD, vehicle_type_id, sha256),
        }
        # A permit counts for the very values that the release sets (N45-7b).
        main = {change.name: change.after for change in changes if change.is_main is not False}
        permit = filings.change_permit(view, vehicle_type_id, main) if main else None
        plan = filings.in_force(view, FilingKind.RECALL_PLAN, vehicle_type_id, sha256)
        states = {str(kind): _state(kind, word, filing) for kind, (word, filing) in found.items()}
        valid = [filing for word, filing in found.values() if word == "valid"]
        resting = [f.id for f in (*valid, permit, plan) if f is not None]
        # An imported model has no activity filing at MIIT: what SAMR holds is what was filed.
        filed = (
            found[FilingKind.MIIT_ACTIVITY][1] or _filed_otherwise(view, release) or found[FilingKind.SAMR_RECORD][1]
        )
        return cls(states, filed, permit, plan, tuple(sorted(resting)))


def _filed_otherwise(view: View, release: Release) -> Filing | None:
    """Give an activity filing of this release that names other bytes: then what was filed is not what is released."""
    found = filings_store.list_filings(view, kind=str(FilingKind.MIIT_ACTIVITY), release_id=release.id)
    return next((f for f in found if f.status in {"submitted", "accepted"}), None)


# Which days of a paper the law asks about.
_DAYS = {
    FilingKind.MIIT_ACTIVITY: ("submitted_on",),
    FilingKind.SAMR_RECORD: ("submitted_on", "package_delivered_on"),
}


def _state(kind: FilingKind, word: str, filing: Filing | None) -> dict[str, Json]:
    facts: dict[str, Json] = {"state": word}
    for name in _DAYS.get(kind, ()):
        if filing is not None and getattr(filing, name) is not None:
            facts[name] = getattr(filing, name)
    return facts


def _target(view: View, release: Release, dossier: Dossier, type_id: str, scope: Scope | None) -> rules.Target:
    kind = products_store.load_vehicle_type(view, type_id)
    ecus = [ecu for ecu in products_store.list_ecus(view, [type_id]) if ecu.id in release.ecu_ids]
    declared = {key: value for ecu in ecus for key, value in dossier.declared.get(ecu.id, {}).items()}
    touched = [key for ecu in ecus for key in ecu.influences or ()]
    changes, undeclared = _difference(view, type_id, declared, touched)
    # Nobody has determined what this ECU can influence: then nothing is known about it.
    undeclared += tuple(f"{ecu.name}.*" for ecu in ecus if ecu.influences is None)
    cars = scope or _all_cars(view, type_id)
    return rules.Target(
        model_code=kind.model_code,
        automation_level=kind.automation_level,
        licensed_manufacturer=kind.licensed_manufacturer or "",
        imported=kind.imported,
        annex2_supplemented=kind.annex2_supplemented,
        sold=cars.sold,
        test_fleet=cars.test_fleet,
        holds_driving_automation=any(ecu.holds_driving_automation for ecu in ecus),
        approval_relevant=any(ecu.approval_relevant for ecu in ecus),
        changes=changes,
        undeclared=undeclared,
    )


def _all_cars(view: View, type_id: str) -> Scope:
    """Give the cars of a type as they are in the fleet; with no car yet, it is judged as if sold."""
    of_type = VehicleFilter(vehicle_type_ids=(type_id,))
    everyone = fleet_store.count_vehicles(view, of_type)
    unsold = fleet_store.count_vehicles(view, replace(of_type, sold=False))
    test = fleet_store.count_vehicles(view, replace(of_type, test_fleet=True))
    return Scope(sold=everyone == 0 or unsold < everyone, test_fleet=0 < everyone == test)


def _difference(
    view: View, type_id: str, declared: Mapping[str, Json], touched: Sequence[str]
) -> tuple[tuple[rules.Change, ...], tuple[str, ...]]:
    found, missing = admission_rules.diff(
        admission_store.plain_values(view, type_id), declared, products_store.all_definitions(view), touched
    )
    return tuple(rules.Change(c.name, c.is_main, c.before, c.after, c.unit or "") for c in found), tuple(missing)


def _world(view: View, regime: Regime, release: Release, papers: _Papers, scope: Scope | None) -> rules.World:
    filed = papers.filed
    return rules.World(
        applicant=regime.company,
        filings=papers.states,
        recall_plan_filed=papers.recall_plan is not None,
        filed_sha256=None if filed is None else filed.scope.package_sha256,
        vins_outside_filed_scope=_outside(filed, scope),
        swin_moved=bool(release.swin) and store.swin_is_new(view, release.id, release.swin),
        company_safety_policy=regime.safety_policy,
    )


def _outside(filed: Filing | None, scope: Scope | None) -> int | None:
    """Count cars outside the filed set: 0 when every car of the type is filed or the VIN digests agree.

    A set that differs counts as one car at least: how many differ cannot be told from digests.
    """
    if filed is None:
        return None
    digest = filed.scope.vin_set_digest
    if not digest:
        return 0
    if scope is None:
        return None
    return 0 if scope.vin_digest == digest else 1
