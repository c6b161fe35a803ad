"""Gathers the facts of a release from the registries and asks the law: preview, classification, and the gate."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from roadworthy import law
from roadworthy.accounts.permissions import require_any
from roadworthy.admission import actions as admission
from roadworthy.admission import rules as admission_rules
from roadworthy.admission import store as admission_store
from roadworthy.admission.model import Ground
from roadworthy.database import Actor, Database, View
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import VehicleFilter
from roadworthy.kernel.decision import Decision
from roadworthy.kernel.event import Json, digest_of
from roadworthy.products import store as products_store
from roadworthy.products.model import Ecu
from roadworthy.releases import rules, store
from roadworthy.releases.actions.papers import Papers
from roadworthy.releases.model import Classification, ClsId, Release, RelId
from roadworthy.releases.rules import Cars

_CLASSIFIERS = ("release_engineer", "release_manager", "compliance_officer", "homologation_officer")


@dataclass(frozen=True)
class Regime:
    """The law and the company that the gate judges for: packs, filing company, its own safety policy.

    `in_force` gives the packs of the moment from the rulebook; without it `packs` are the law.
    """

    packs: law.Packs
    company: str
    safety_policy: bool = False
    in_force: Callable[[View], law.Packs] | None = None

    def packs_at(self, view: View) -> law.Packs:
        """Give the packs in force at the moment of `view`."""
        return self.packs if self.in_force is None else self.in_force(view)


@dataclass(frozen=True)
class Scope:
    """The vehicles of one type that a campaign aims at: their kinds, and a way to the digest of the VINs.

    `vin_digest` takes vehicle type ids and gives one digest of the aimed-at VINs of those types (`target_digest`);
    it reads all of them, so it is asked only when a filing names a VIN set.
    """

    cars: frozenset[Cars]
    vin_digest: Callable[[Collection[str]], str]


@dataclass(frozen=True)
class Judgement:
    """The gate's answer for one release and vehicle type, with all it rests on.

    `valid_until` is the last day in Beijing on which every paper it rests on is valid, None when none of them ends.
    """

    vehicle_type_id: str
    decision: Decision
    report: Mapping[str, Any]
    facts: Mapping[str, Json]
    filing_ids: tuple[str, ...] = field(default_factory=tuple)
    valid_until: date | None = None

    @property
    def model_code(self) -> str:
        """The announced model."""
        return str(self.report["models"][0]["model_code"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The class labels that are certain."""
        return tuple(sorted({label for model in self.report["models"] for label in model["labels"]}))

    @property
    def tier(self) -> str | None:
        """The MIIT tier, when it is certain."""
        return next((str(model["tier"]) for model in self.report["models"] if model["tier"] is not None), None)

    @property
    def facts_digest(self) -> str:
        """SHA-256 of the facts."""
        return digest_of(dict(self.facts))


def judge(view: View, regime: Regime, release: Release, vehicle_type_id: str, scope: Scope | None = None) -> Judgement:
    """Ask the gate about one release and vehicle type at the moment of `view`; `scope` are a campaign's vehicles.

    1. compute what the release changes; 2. look up the papers in force; 3. gather the facts; 4. ask the law;
    5. add the product's own conditions.
    """
    dossier = store.dossier_of(view, release.id)
    target = _target(view, release, vehicle_type_id, scope)
    papers = Papers.of(view, release, vehicle_type_id, target.changes)
    target = replace(target, change_permit_granted=papers.change_permit is not None)
    world = _world(view, regime, release, target, papers, scope, vehicle_type_id)
    facts = rules.facts_of(release, dossier, target, world)
    report = law.classify(facts, regime.packs_at(view), view.now).to_json()
    own = (*rules.readiness(release, dossier), *rules.production(target))
    decision = rules.gate(report, own, target.undeclared)
    return Judgement(vehicle_type_id, decision, report, facts, papers.ids, papers.valid_until)


def owed(
    view: View, regime: Regime, facts: Iterable[Mapping[str, Json]], days: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """Give the reports that an upgrade owes (rows of `law.duties`), each once, in order of due times.

    `facts` are those of its judgements; `days` the facts campaign_start and campaign_end, as ISO days in Beijing, as
    far as they are known. Raises YearUnknown beyond the calendar.
    """
    rows: dict[tuple[str, int], Mapping[str, Any]] = {}
    packs = regime.packs_at(view)
    for one in facts:
        for row in law.classify({**one, **days}, packs, view.now).timers:
            rows.setdefault((row["rule"], row["period"]), row)
    return sorted(rows.values(), key=lambda row: (row["due_at"], row["rule"]))


def classify_all(database: Database, actor: Actor, regime: Regime, release_id: RelId) -> list[Classification]:
    """Judge a release for each of its vehicle types and keep the answers: what the law calls it, and why.

    Raises NotPermitted, NotFound.
    """
    with database.begin(actor, attempt="release.classify", subject=release_id) as work:
        require_any(actor, *_CLASSIFIERS)
        release = store.get(work, release_id)
        for type_id in release.vehicle_type_ids:
            judged = judge(work, regime, release, type_id)
            made = ClsId.new(work.now)
            said = {"labels": list(judged.labels), "tier": judged.tier, "decision": str(judged.decision.outcome)}
            line = {"id": made, "release_id": release_id, "vehicle_type_id": type_id, **said}
            work.insert(
                store.classification, {**line, "report": judged.report, "facts": judged.facts, "made_at": work.now}
            )
            told = {**said, "classification": made, "facts": judged.facts_digest, "vehicle_type": type_id}
            work.record("release.classified", release_id, told)
        return store.latest_classifications(work, release_id)


def hardware_of(view: View, release: Release, vehicle_type_id: str) -> tuple[str, ...]:
    """Give the hardware ids of the ECUs that a release touches on one vehicle type."""
    ecus = products_store.list_ecus(view, [vehicle_type_id])
    return tuple(sorted({ecu.hardware_id for ecu in ecus if ecu.id in release.ecu_ids}))


def difference(view: View, release: Release, type_id: str) -> tuple[tuple[rules.Change, ...], tuple[str, ...]]:
    """Give what a release changes of the registered values of a vehicle type, and what is not known of it."""
    dossier, ecus = store.dossier_of(view, release.id), _touched(view, release, type_id)
    declared = rules.after_values([dossier.declared.get(ecu.id, {}) for ecu in ecus])
    # What two ECUs contradict each other about is touched, and then undeclared.
    touched = [key for ecu in ecus for key in (*(ecu.influences or ()), *dossier.declared.get(ecu.id, {}))]
    changes, undeclared = _difference(view, release, type_id, declared, touched)
    # Nobody has determined what this ECU can influence: then nothing is known about it.
    return changes, (*undeclared, *(f"{ecu.name}.*" for ecu in ecus if ecu.influences is None))


def _touched(view: View, release: Release, type_id: str) -> list[Ecu]:
    return [ecu for ecu in products_store.list_ecus(view, [type_id]) if ecu.id in release.ecu_ids]


def _target(view: View, release: Release, type_id: str, scope: Scope | None) -> rules.Target:
    kind = products_store.load_vehicle_type(view, type_id)
    ecus = _touched(view, release, type_id)
    changes, undeclared = difference(view, release, type_id)
    regulated = admission_rules.swin_regulations(admission_store.links_of(view, type_id), release.ecu_ids)
    production = admission.consistency(view, type_id)
    return rules.Target(
        model_code=kind.model_code,
        automation_level=kind.automation_level,
        licensed_manufacturer=kind.licensed_manufacturer,
        imported=kind.imported,
        annex2_supplemented=admission.supplement(view, type_id).supplemented,
        cars=tuple(scope.cars if scope is not None else _all_cars(view, type_id)),
        holds_driving_automation=any(ecu.holds_driving_automation for ecu in ecus),
        approval_relevant=any(ecu.approval_relevant for ecu in ecus) or bool(regulated),
        changes=changes,
        undeclared=undeclared,
        production_checked=production.checked,
        consistency_findings=production.findings,
        plans_submitted=admission.plans_submitted(view, type_id),
    )


def _all_cars(view: View, type_id: str) -> frozenset[Cars]:
    """Give the kinds of cars of a type in the fleet; with no car yet, it is judged as if sold."""
    of_type = VehicleFilter(vehicle_type_ids=(type_id,))
    kinds = (Cars(sold=True, test_fleet=False), Cars(sold=False, test_fleet=False), Cars(sold=False, test_fleet=True))
    filters = (replace(of_type, sold=True), *(replace(of_type, sold=False, test_fleet=one) for one in (False, True)))
    found = frozenset(k for k, f in zip(kinds, filters, strict=True) if fleet_store.page_vehicles(view, f, limit=1))
    return found or frozenset({kinds[0]})


def _difference(
    view: View, release: Release, type_id: str, declared: Mapping[str, Json], touched: Sequence[str]
) -> tuple[tuple[rules.Change, ...], tuple[str, ...]]:
    """Compare with the values registered at submission, and with those of now; see `rules.joined`.

    A value that was not registered at submission counts once it is, unless it came by a change permit: that may be
    the permit of this very release.
    """
    definitions = products_store.all_definitions(view)
    current = admission_store.current_values(view, type_id)
    frozen = current
    if release.submitted_at is not None:
        later = {key: value for key, value in current.items() if value.ground is not Ground.CHANGE_PERMIT}
        frozen = later | admission_store.values_as_of(view, type_id, release.submitted_at)
    found = []
    for registered in (frozen, current):
        values = {key: value.value for key, value in registered.items()}
        found.append(admission_rules.diff(values, declared, definitions, touched))
    (before, missing), (now, _) = found
    changes = rules.joined(
        *([rules.Change(c.name, c.is_main, c.before, c.after, c.unit) for c in s] for s in (before, now))
    )
    return changes, missing


def _world(
    view: View,
    regime: Regime,
    release: Release,
    target: rules.Target,
    papers: Papers,
    scope: Scope | None,
    type_id: str,
) -> rules.World:
    filed = papers.filed(imported=target.imported, sold=any(cars.sold for cars in target.cars))
    return rules.World(
        applicant=regime.company,
        # A campaign sends packages over the air, whatever the release says of itself.
        delivery="ota" if scope is not None else release.delivery,
        filings=papers.states,
        recall_plan_filed=papers.recall_plan is not None,
        ads_permission_granted=papers.ads_permit is not None,
        released_hash_equals_filed=rules.released_equals_filed(
            None if release.package is None else release.package.sha256,
            [None if one is None else one.scope.package_sha256 for one in filed],
        ),
        vins_outside_filed_scope=rules.outside_filed(
            [
                None if one is None else _agrees(one.scope.vin_set_digest, one.scope.vehicle_type_ids, scope)
                for one in filed
            ]
        ),
        swin_moved=_swin_moved(view, release, type_id),
        company_safety_policy=regime.safety_policy,
    )


def _swin_moved(view: View, release: Release, type_id: str) -> bool:
    """Whether the numbers of the touched software moved: by the register, or by what the release says of itself.

    The release's own word counts only while the register holds no software of the vehicle type.
    """
    links = admission_store.links_of(view, type_id)
    earlier = store.approved_before(view, release.id, {one.release_id for one in links} - {release.id})
    moved = admission_rules.swin_moved(links, release.id, release.ecu_ids, earlier)
    if moved is None:
        return bool(release.swin) and not store.swin_taken_before(view, release.id, release.swin)
    return moved


def _agrees(digest: str | None, type_ids: Collection[str], scope: Scope | None) -> bool | None:
    """Whether the vehicles aimed at are the filed set; a filing without a VIN set covers every car of its types."""
    if not digest:
        return True
    return None if scope is None else scope.vin_digest(type_ids) == digest
