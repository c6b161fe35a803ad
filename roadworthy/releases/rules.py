"""What the law asks of a release, gathered as facts; the gate.

1. `declarable`      which facts a named person may state, and in which role. Computed facts are not among them.
2. `after_values`    the values that the touched ECUs of one vehicle type set; two that contradict are unknown.
3. `parameters_fact` turns the computed parameter difference into the facts of Notice 45 (7b); what a touched ECU
                     can influence and nobody declared makes the answer unknown.
4. `facts_of`        puts the whole object of the law's vocabulary together for one vehicle type.
5. `readiness`       the product's own conditions beside the law: package, SBOM, approval by a second person;
   `production`      and that no finding of production consistency holds the model.
6. `gate`            law and readiness together: the strictest wins, unknown never opens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadworthy.kernel.decision import Decision, Finding, Outcome, Text, strictest
from roadworthy.kernel.errors import NotPermitted, Unusable
from roadworthy.kernel.event import Json, canonical
from roadworthy.releases.model import Dossier, DossierKind, Release

_BOOL: tuple[Json, ...] = (True, False)
_PERFORMANCES = ("safety", "environment", "energy", "anti_theft")
# fact -> (role that may state it, allowed values). The vocabulary is that of the rule packs.
DECLARABLE: Mapping[str, tuple[str, tuple[Json, ...]]] = {
    "performance_change.safety": ("homologation_officer", _BOOL),
    "performance_change.environment": ("homologation_officer", _BOOL),
    "performance_change.energy": ("homologation_officer", _BOOL),
    "performance_change.anti_theft": ("homologation_officer", _BOOL),
    "ads_odd_inside_permit": ("homologation_officer", _BOOL),
    "defect_removed": ("recall_manager", ("yes", "no", "unknown")),
    "open_defect_investigation": ("recall_manager", _BOOL),
    "sellers_told": ("recall_manager", _BOOL),
    "production_sale_stopped": ("recall_manager", _BOOL),
    "weakens_driver_monitoring": ("safety_engineer", _BOOL),
    "data_used_by_driving_automation": ("safety_engineer", _BOOL),
    "enables_automation_level": ("safety_engineer", (0, 1, 2, 3, 4, 5)),
    "beta_release": ("release_engineer", _BOOL),
    "removes_promised_feature": ("compliance_officer", _BOOL),
    "vulnerability_fixed": ("compliance_officer", _BOOL),
    "vulnerability_exploited": ("compliance_officer", _BOOL),
    "vulnerability_reported": ("compliance_officer", _BOOL),
    "cyber_incident_reported": ("compliance_officer", _BOOL),
}


@dataclass(frozen=True)
class Change:
    """One difference between registered and declared value; `is_main` unknown counts as main (Q-08)."""

    name: str
    is_main: bool | None
    before: Json
    after: Json
    unit: str = ""


@dataclass(frozen=True, order=True)
class Cars:
    """One kind of vehicle among those aimed at: the law asks other things before sold, stock and test vehicles."""

    sold: bool
    test_fleet: bool


@dataclass(frozen=True)
class Target:
    """One vehicle type as the registries have it, the kinds of its vehicles, and what the release would change."""

    model_code: str
    automation_level: int
    licensed_manufacturer: str | None
    imported: bool
    annex2_supplemented: bool
    cars: tuple[Cars, ...]
    holds_driving_automation: bool
    approval_relevant: bool
    changes: tuple[Change, ...] = ()
    undeclared: tuple[str, ...] = ()
    change_permit_granted: bool = False
    production_checked: bool | None = None
    consistency_findings: tuple[str, ...] = ()
    plans_submitted: bool | None = None


@dataclass(frozen=True)
class World:
    """What stands outside the release: papers at the authorities, the company, the vehicles aimed at."""

    applicant: str
    delivery: str
    filings: Mapping[str, Mapping[str, Json]]
    recall_plan_filed: bool
    released_hash_equals_filed: bool | None
    vins_outside_filed_scope: int | None
    swin_moved: bool
    company_safety_policy: bool
    user_confirmation: str = "explicit"
    ads_permission_granted: bool = False


def check_answer(fact: str, value: Json, roles: frozenset[str]) -> None:
    """Check that somebody with `roles` may state `fact` as `value`.

    Raises Unusable for a fact that is computed or unknown, or for a wrong value; NotPermitted for the wrong role.
    """
    if fact not in DECLARABLE:
        raise Unusable(
            f"{fact} cannot be stated by a person: it is computed, or no such fact exists. "
            f"These can be stated: {', '.join(sorted(DECLARABLE))}.",
            code="fact.not_declarable",
        )
    role, allowed = DECLARABLE[fact]
    if role not in roles:
        raise NotPermitted(f"{fact} is for the role {role} to state; ask somebody who holds it.", code="role.missing")
    if not any(value is a or (not isinstance(a, bool) and not isinstance(value, bool) and value == a) for a in allowed):
        words = ", ".join(str(a).lower() if isinstance(a, bool) else str(a) for a in allowed)
        raise Unusable(f"{fact} is one of: {words}.", code="fact.value")


def after_values(declared: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Join what each touched ECU of one vehicle type declares; a parameter with two different values is left out.

    A vehicle has one value of a parameter: which of two would hold after the upgrade, nobody can say.
    """
    told: dict[str, dict[bytes, Json]] = {}
    for values in declared:
        for key, value in values.items():
            told.setdefault(key, {})[canonical(value)] = value
    return {key: next(iter(values.values())) for key, values in told.items() if len(values) == 1}


def joined(frozen: Sequence[Change], now: Sequence[Change]) -> tuple[Change, ...]:
    """Join the changes against the values registered at submission with those against the values of now.

    A permit that is registered later must not turn the release that needed it into a general one; and what was no
    change at submission may have become one, when the vehicle type moved on meanwhile.
    """
    return tuple(sorted({change.name: change for change in (*now, *frozen)}.values(), key=lambda change: change.name))


def parameters_fact(changes: Sequence[Change], undeclared: Sequence[str]) -> dict[str, Json]:
    """Give `changed_parameters` and `main_parameters_changed`; the latter is null while something is undeclared."""
    main = any(change.is_main is not False for change in changes)
    facts: dict[str, Json] = {"main_parameters_changed": True if main else (None if undeclared else False)}
    if not undeclared or changes:
        facts["changed_parameters"] = [
            {
                "name": c.name,
                "is_main": c.is_main is not False,
                "before": c.before,
                "after": c.after,
                **({"unit": c.unit} if c.unit else {}),
            }
            for c in changes
        ]
    return facts


def facts_of(release: Release, dossier: Dossier, target: Target, world: World) -> dict[str, Json]:
    """Gather the facts of one release for one vehicle type, in the vocabulary of the rule packs; null = unknown."""
    settled = {item.kind for item in dossier.items if item.approver_id is not None}
    facts: dict[str, Json] = {
        "reaches_vehicle": True,
        "delivery": world.delivery,
        "content_only_data": content_only(release, dossier, target),
        "applicant": world.applicant,
        "planned_release": _day(release.planned_release),
        "target_models": [_model(target, cars) for cars in sorted(target.cars, reverse=True)],
        **parameters_fact(target.changes, target.undeclared),
        "change_permit_granted": target.change_permit_granted,
        "ads_partition_touched": target.holds_driving_automation,
        "ads_image_shared": target.holds_driving_automation,
        "filings": {kind: dict(state) for kind, state in world.filings.items()},
        "recall_plan_filed": world.recall_plan_filed,
        "ads_permission_granted": world.ads_permission_granted,
        "released_hash_equals_filed": world.released_hash_equals_filed,
        "vins_outside_filed_scope": world.vins_outside_filed_scope,
        "production_consistency_checked": target.production_checked,
        "type_approval_software_changed": target.approval_relevant,
        "swin_moved": world.swin_moved,
        "user_confirmation": world.user_confirmation,
        "company_safety_policy": world.company_safety_policy,
        **{kind.value: kind in settled for kind in DossierKind},
    }
    return _with_answers(facts, dossier.answers)


def released_equals_filed(released: str | None, filed: Sequence[str | None]) -> bool | None:
    """Whether the released bytes (SHA-256) are those of every filing that must name them; None stands for no filing."""
    if released is None or not filed:
        return None
    if any(sha256 is not None and sha256 != released for sha256 in filed):
        return False
    return None if None in filed else True


def outside_filed(agrees: Sequence[bool | None]) -> int | None:
    """Give how many vehicles are outside the filed sets: 0 when each filing's set agrees with the vehicles aimed at.

    One that differs counts as one vehicle at least: how many differ cannot be told from digests, and neither can a
    part of the filed set be told from another set. A filing for less than whole types names the very set.
    """
    if any(one is False for one in agrees):
        return 1
    return None if not agrees or None in agrees else 0


def content_only(release: Release, dossier: Dossier, target: Target) -> bool | None:
    """Whether the release brings data alone: its author's word is not enough (facts: computed).

    False when a parameter or a performance changes, None while either is unknown.
    """
    performance = [dossier.answers.get(f"performance_change.{name}") for name in _PERFORMANCES]
    if not release.content_only or target.changes or any(performance):
        return False
    return None if target.undeclared or None in performance else True


def readiness(release: Release, dossier: Dossier) -> tuple[Finding, ...]:
    """Give the product's own conditions: stored package, SBOM, approval by a second person (Notice 45, II.3)."""
    approved = release.status == "approved"
    return (
        _own(
            "PACKAGE",
            release.package is not None,
            Text("升级包已入库并计算哈希", "The package is stored and hashed"),
            Text("上传升级包", "Attach the package: roadworthy release package"),
        ),
        _own(
            "SBOM",
            dossier.sbom is not None,
            Text("软件物料清单已附上并解析", "The software bill of materials is attached and parsed"),
            Text("上传 CycloneDX 清单", "Attach the CycloneDX file: roadworthy release sbom"),
        ),
        _own(
            "APPROVAL",
            approved and release.approver_id not in (None, release.author_id),
            Text("版本经第二人批准", "The release is approved by a second person"),
            Text("由他人审核批准", "Ask another person to approve: roadworthy release approve"),
        ),
    )


def production(target: Target) -> tuple[Finding, ...]:
    """Hold a model while a finding of production consistency does (N45-2d).

    What an upgrade changes is computed from the registered values; of vehicles built otherwise it is not known.
    """
    if not target.consistency_findings:
        return ()
    names = ", ".join(target.consistency_findings)
    text = Text(f"生产一致性问题未关闭：{names}", f"Findings of production consistency are not closed: {names}")
    fix = Text(
        "由另一人说明或确认已纠正", "Have another person explain it or see it corrected: roadworthy admission finding"
    )
    return (Finding("PROD", Outcome.HOLD, text, "N45-2d", fix),)


def gate(report: Mapping[str, Any], own: Sequence[Finding], undeclared: Sequence[str] = ()) -> Decision:
    """Put the law's answers (one per kind of vehicle) and the product's own findings together; the strictest wins.

    `undeclared` are the parameters for want of which the difference is unknown; they are named where it matters.
    """
    by_code: dict[str, Finding] = {}
    missing: set[str] = set()
    for model in report["models"]:
        missing |= set(model["missing_facts"])
        of_law = [_of_law(entry, Outcome.OPEN) for entry in model["gates_open"]]
        of_law += [_of_law(entry, Outcome(entry["state"])) for entry in model["gates_blocked"]]
        for found in of_law:
            known = by_code.setdefault(found.code, found)
            by_code[found.code] = known if strictest([known.state, found.state]) is known.state else found
    named = undeclared if "main_parameters_changed" in missing else ()
    findings = [*by_code.values(), *([_unknown(sorted(missing), named)] if missing else []), *own]
    # The law's own word counts even where no single gate carries it (a label that is still undetermined).
    law = [Outcome(model["decision"]) for model in report["models"]]
    return Decision(strictest([strictest(law), Decision.of(findings).outcome]), tuple(findings))


def _of_law(entry: Mapping[str, Any], state: Outcome) -> Finding:
    fix = {"zh": "", "en": ""} if state is Outcome.OPEN else entry["fix"]
    return Finding(entry["token"], state, Text(**entry["text"]), entry["citation"], Text(**fix))


def _unknown(missing: Sequence[str], undeclared: Sequence[str]) -> Finding:
    names = ", ".join(missing)
    text = Text(f"以下事实未知:{names}", f"These facts are unknown: {names}")
    fix = Text(
        "由负责人员陈述,或补充登记",
        "Have the person in charge state them (release answer), or complete the registry",
    )
    if undeclared:
        keys = ", ".join(undeclared)
        text = Text(f"{text.zh};未声明参数值:{keys}", f"{text.en}; no value is declared for {keys}")
        fix = Text(f"声明新软件设定的参数值;{fix.zh}", f"Declare what the software sets (release declare). {fix.en}")
    return Finding("FACTS", Outcome.HOLD, text, "", fix)


def _own(code: str, met: bool, text: Text, fix: Text) -> Finding:
    return Finding(code, Outcome.OPEN if met else Outcome.BLOCKED, text, "N45 II.3", Text("", "") if met else fix)


def _with_answers(facts: dict[str, Json], answers: Mapping[str, Json]) -> dict[str, Json]:
    for fact, value in answers.items():
        head, _, leaf = fact.partition(".")
        if leaf:
            facts[head] = {**(facts.get(head) or {}), leaf: value}
        else:
            facts[head] = value
    return facts


def _model(target: Target, cars: Cars) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "model_code": target.model_code,
        "automation_level": target.automation_level,
        "imported": target.imported,
        "sold": cars.sold,
        "test_fleet": cars.test_fleet,
    }
    if not target.imported:
        facts["licensed_manufacturer"] = target.licensed_manufacturer or None
        facts["annex2_supplemented"] = target.annex2_supplemented
    if target.plans_submitted is not None:
        facts["deep_test_plan_submitted"] = target.plans_submitted
    return facts


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
