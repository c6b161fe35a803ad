"""What the law asks of a release, gathered as facts; the gate.

1. `declarable`      which facts a named person may state, and in which role. Computed facts are not among them.
2. `parameters_fact` turns the computed parameter difference into the facts of Notice 45 (7b); what a touched ECU
                     can influence and nobody declared makes the answer unknown.
3. `facts_of`        puts the whole object of the law's vocabulary together for one vehicle type.
4. `readiness`       the product's own conditions beside the law: package, SBOM, approval by a second person.
5. `gate`            law and readiness together: the strictest wins, unknown never opens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadworthy.kernel.decision import Decision, Finding, Outcome, Text
from roadworthy.kernel.errors import NotPermitted, Unusable
from roadworthy.kernel.event import Json
from roadworthy.releases.model import Dossier, DossierKind, Release

_BOOL: tuple[Json, ...] = (True, False)
# fact -> (role that may state it, allowed values). The vocabulary is that of the rule packs.
DECLARABLE: Mapping[str, tuple[str, tuple[Json, ...]]] = {
    "performance_change.safety": ("homologation_officer", _BOOL),
    "performance_change.environment": ("homologation_officer", _BOOL),
    "performance_change.energy": ("homologation_officer", _BOOL),
    "performance_change.anti_theft": ("homologation_officer", _BOOL),
    "production_consistency_checked": ("homologation_officer", _BOOL),
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


@dataclass(frozen=True)
class Target:
    """One vehicle type as the registries have it, and what the release would change on it."""

    model_code: str
    automation_level: int
    licensed_manufacturer: str
    imported: bool
    annex2_supplemented: bool
    sold: bool
    test_fleet: bool
    holds_driving_automation: bool
    approval_relevant: bool
    changes: tuple[Change, ...] = ()
    undeclared: tuple[str, ...] = ()
    change_permit_granted: bool = False


@dataclass(frozen=True)
class World:
    """What stands outside the release: papers at the authorities, the company, the vehicles aimed at."""

    applicant: str
    filings: Mapping[str, Mapping[str, Json]]
    recall_plan_filed: bool
    filed_sha256: str | None
    vins_outside_filed_scope: int | None
    swin_moved: bool
    company_safety_policy: bool
    planned_release: date | None = None
    user_confirmation: str = "explicit"


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
        "delivery": release.delivery,
        "content_only_data": release.content_only and not target.changes,
        "applicant": world.applicant,
        "planned_release": _day(world.planned_release or release.planned_release),
        "target_models": [_model(target)],
        **parameters_fact(target.changes, target.undeclared),
        "change_permit_granted": target.change_permit_granted,
        "ads_partition_touched": target.holds_driving_automation,
        "ads_image_shared": target.holds_driving_automation,
        "filings": {kind: dict(state) for kind, state in world.filings.items()},
        "recall_plan_filed": world.recall_plan_filed,
        "released_hash_equals_filed": _same(release, world.filed_sha256),
        "vins_outside_filed_scope": world.vins_outside_filed_scope,
        "type_approval_software_changed": target.approval_relevant,
        "swin_moved": world.swin_moved,
        "user_confirmation": world.user_confirmation,
        "company_safety_policy": world.company_safety_policy,
        **{kind.value: kind in settled for kind in DossierKind},
    }
    return _with_answers(facts, dossier.answers)


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


def gate(report: Mapping[str, Any], own: Sequence[Finding], undeclared: Sequence[str] = ()) -> Decision:
    """Put the law's answer for one model and the product's own findings together; the strictest wins.

    `undeclared` are the parameters for want of which the difference is unknown; they are named where it matters.
    """
    model = report["models"][0]
    findings = [_of_law(entry, Outcome.OPEN) for entry in model["gates_open"]]
    findings += [_of_law(entry, Outcome(entry["state"])) for entry in model["gates_blocked"]]
    if missing := model["missing_facts"]:
        findings.append(_unknown(missing, undeclared if "main_parameters_changed" in missing else ()))
    verdict = Decision.of([*findings, *own])
    law = Outcome(model["decision"])
    # The law's own word counts even where no single gate carries it (a label that is still undetermined).
    return verdict if law is Outcome.OPEN or not verdict.is_open else Decision(law, verdict.findings)


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


def _model(target: Target) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "model_code": target.model_code,
        "automation_level": target.automation_level,
        "imported": target.imported,
        "sold": target.sold,
        "test_fleet": target.test_fleet,
    }
    if not target.imported:
        facts["licensed_manufacturer"] = target.licensed_manufacturer
        facts["annex2_supplemented"] = target.annex2_supplemented
    return facts


def _same(release: Release, filed: str | None) -> bool | None:
    if release.package is None or filed is None:
        return None
    return release.package.sha256 == filed


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
