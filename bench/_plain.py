"""The shipped rules of upgrades by heart: nested ifs over the same facts file, once bare and once with a trace.

No packs, no dates, no unknown facts, no citations. `bare` is the floor; `traced` also records which facts each rule
read, the least that an answer must keep to be explained. Both give labels, tier, the gates that are not open.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from roadworthy.law import add_working_days, load_calendar

Told = tuple[list[str], str | None, list[str]]
NO_UPGRADE: Told = ([], None, [])
DEFERRABLE = {"ACT", "SAMR", "SAMR-LEAD", "RECALL"}
NOT_OTA = ("cloud_only", "workshop", "on_vehicle_restore")
PERFORMANCE = ("safety", "environment", "energy", "anti_theft")


@cache
def lead(form: str, package: str) -> tuple[str, bool]:
    """Give the earliest release day and whether it is provisional; remembered, as the evaluator does."""
    moved = add_working_days(load_calendar(), date.fromisoformat(max(form, package)), 5)
    return moved.day.isoformat(), moved.provisional


def bare(given: Mapping[str, Any]) -> Told:
    """Decide, and keep no reasons."""
    model, get = given["target_models"][0], given.get
    nothing = not given["reaches_vehicle"] or given["delivery"] in NOT_OTA
    data = given["content_only_data"] and not given["data_used_by_driving_automation"]
    if (model["test_fleet"] and not model["sold"]) or nothing or data:
        return NO_UPGRADE
    main, driving, recall = _classes(given, model)
    labels = [n for n, yes in (("parameters", main), ("automated_driving", driving), ("recall", recall)) if yes]
    imported, rollback = model["imported"], get("rollback_to")
    changed = any(given["performance_change"].values()) or any(
        part.get("performance_change", {}).get(kind, False) for part in get("items", ()) for kind in PERFORMANCE
    )
    tier = None if imported else "T3" if driving else "T2b" if main else "T2a" if changed else "T1"
    filings = given["filings"]
    samr = filings["samr_record"]
    earliest, provisional = lead(samr["submitted_on"], samr["package_delivered_on"])
    owner = given["applicant"] == model["licensed_manufacturer"]
    answered = given["defect_removed"]
    gates = (
        ("CONSUMER", not get("removes_promised_feature", False) or given["consumer_review_done"]),
        ("ENT", imported or (filings["miit_enterprise"]["state"] == "valid" and owner)),
        ("TYPE", imported or filings["miit_type"]["state"] == "valid"),
        ("ACT", imported or filings["miit_activity"]["state"] == "valid"),
        ("VER", tier not in ("T2a", "T2b") or given["verification_attached"]),
        ("ROLLBACK", rollback is None or _back(rollback)),
        ("SUMS", given["sums_records_complete"]),
        ("RISK", given["risk_assessment_done"]),
        ("SAFETY", given["functional_safety_validated"]),
        ("CONSENT", given["user_confirmation"] == "explicit"),
        ("SWIN", not given["type_approval_software_changed"] or given["swin_moved"]),
        ("DEFECT", answered == "yes" or (answered == "no" and not given["open_defect_investigation"])),
        ("PARAMREG", imported or model["annex2_supplemented"]),
        ("TEST", given["test_evidence_complete"]),
        ("HASH", given["released_hash_equals_filed"]),
        ("SCOPE", given["vins_outside_filed_scope"] == 0),
        ("MKT", given["notice_text_checked"]),
        ("PARAM", not main or (not imported and given["change_permit_granted"])),
        ("ADS", not driving or (given["ads_permission_granted"] and given["ads_odd_inside_permit"])),
        ("RECALL", not recall or (given["recall_plan_filed"] and given["sellers_told"] and _stopped(given))),
        ("PROD", not (recall and main) or given["change_permit_granted"]),
        ("COP", model["sold"] or given["production_consistency_checked"]),
        ("MAP", not given["data_used_by_driving_automation"] or given["survey_approval_held"]),
        ("SAMR", not model["sold"] or samr["state"] == "valid"),
        ("SAMR-LEAD", not model["sold"] or (given["planned_release"] >= earliest and not provisional)),
        (
            "VULN",
            not get("vulnerability_fixed", False) or (get("vulnerability_reported") and get("notice_text_checked")),
        ),
        ("CYB", not get("vulnerability_exploited", False) or given["cyber_incident_reported"]),
        ("SAFETY-POLICY", not given["company_safety_policy"] or not given["weakens_driver_monitoring"]),
    )
    deferred = DEFERRABLE if get("interim_safety_measure", False) and get("two_person_approval", False) else ()
    return labels or ["general"], tier, [token for token, met in gates if not met and token not in deferred]


def _classes(given: Mapping[str, Any], model: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    main = (
        any(entry["is_main"] for entry in given["changed_parameters"])
        or given["main_parameters_changed"]
        or any(part.get("main_parameters_changed", False) for part in given.get("items", ()))
    )
    touched = given["ads_partition_touched"] or (
        given["ads_image_shared"] and not given.get("ads_independence_evidence", False)
    )
    driving = (model["automation_level"] >= 3 and touched) or given.get("enables_automation_level", 0) >= 3
    back = given.get("rollback_to")
    return main, driving, given["defect_removed"] == "yes" or (back is not None and back["reverts_recall_remedy"])


def _back(rollback: Mapping[str, Any]) -> bool:
    equal = rollback["was_filed"] and rollback["parameters_equal_permitted"]
    return equal and not rollback["reverts_recall_remedy"]


def _stopped(given: Mapping[str, Any]) -> bool:
    return bool(given["production_sale_stopped"])


class Used:
    """Reads facts of a file and keeps, rule by rule, which ones were read and what they were."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.by_rule: dict[str, list[tuple[tuple[str | int, ...], Any]]] = {}

    def rule(self, name: str) -> None:
        """Begin a rule."""
        self.now = self.by_rule[name] = []

    def __call__(self, *path: str | int) -> Any:
        here: Any = self.given
        for step in path:
            here = here[step]
        self.now.append((path, here))
        return here

    def perhaps(self, name: str, otherwise: Any = False) -> Any:
        """Read a fact that the file may leave out."""
        found = self.given.get(name, otherwise)
        self.now.append(((name,), found))
        return found


def traced(given: Mapping[str, Any]) -> tuple[Told, Used]:
    """Decide by the same branches as `bare`, and keep what each rule read."""
    see = Used(given)
    see.rule("outcome")
    fleet = see("target_models", 0, "test_fleet") and not see("target_models", 0, "sold")
    nothing = not see("reaches_vehicle") or see("delivery") in NOT_OTA
    if fleet or nothing or (see("content_only_data") and not see("data_used_by_driving_automation")):
        return NO_UPGRADE, see
    classes = {"parameters": _main(see), "automated_driving": _driving(see), "recall": _recall(see)}
    labels = [name for name, yes in classes.items() if yes]
    tier = _tier(see, classes)
    closed = []
    for token, met in GATES.items():
        see.rule(token)
        if not met(see, classes, tier):
            closed.append(token)
    see.rule("defer")
    deferred = DEFERRABLE if see.perhaps("interim_safety_measure") and see.perhaps("two_person_approval") else ()
    return (labels or ["general"], tier, [token for token in closed if token not in deferred]), see


def _main(see: Used) -> bool:
    see.rule("parameters")
    entries = any(see("changed_parameters", n, "is_main") for n in range(len(see("changed_parameters"))))
    parts = see.perhaps("items", ())
    return entries or see("main_parameters_changed") or any(part.get("main_parameters_changed") for part in parts)


def _driving(see: Used) -> bool:
    see.rule("automated_driving")
    if see.perhaps("enables_automation_level", 0) >= 3:
        return True
    if see("target_models", 0, "automation_level") < 3:
        return False
    shared = see("ads_partition_touched") or see("ads_image_shared")
    return bool(shared and (see("ads_partition_touched") or not see.perhaps("ads_independence_evidence")))


def _recall(see: Used) -> bool:
    see.rule("recall")
    return see("defect_removed") == "yes" or bool(
        see.perhaps("rollback_to", None) and see("rollback_to", "reverts_recall_remedy")
    )


def _tier(see: Used, classes: Mapping[str, bool]) -> str | None:
    see.rule("tier")
    if see("target_models", 0, "imported"):
        return None
    if classes["automated_driving"]:
        return "T3"
    if classes["parameters"]:
        return "T2b"
    changed = any(see("performance_change", kind) for kind in PERFORMANCE) or any(
        part.get("performance_change", {}).get(kind, False) for part in see.perhaps("items", ()) for kind in PERFORMANCE
    )
    return "T2a" if changed else "T1"


def _filed(see: Used, which: str) -> bool:
    return see("target_models", 0, "imported") or see("filings", which, "state") == "valid"


def _enterprise(see: Used) -> bool:
    if see("target_models", 0, "imported"):
        return True
    valid = see("filings", "miit_enterprise", "state") == "valid"
    return valid and see("applicant") == see("target_models", 0, "licensed_manufacturer")


def _rolled_back(see: Used) -> bool:
    if see.perhaps("rollback_to", None) is None:
        return True
    equal = see("rollback_to", "was_filed") and see("rollback_to", "parameters_equal_permitted")
    return equal and not see("rollback_to", "reverts_recall_remedy")


def _answered(see: Used) -> bool:
    answer = see("defect_removed")
    return answer == "yes" or (answer == "no" and not see("open_defect_investigation"))


def _early_enough(see: Used) -> bool:
    if not see("target_models", 0, "sold"):
        return True
    form, package = (see("filings", "samr_record", key) for key in ("submitted_on", "package_delivered_on"))
    earliest, provisional = lead(form, package)
    return see("planned_release") >= earliest and not provisional


GATES: Mapping[str, Callable[[Used, Mapping[str, bool], str | None], Any]] = {
    "CONSUMER": lambda see, _, __: not see.perhaps("removes_promised_feature") or see("consumer_review_done"),
    "ENT": lambda see, _, __: _enterprise(see),
    "TYPE": lambda see, _, __: _filed(see, "miit_type"),
    "ACT": lambda see, _, __: _filed(see, "miit_activity"),
    "VER": lambda see, _, tier: tier not in ("T2a", "T2b") or see("verification_attached"),
    "ROLLBACK": lambda see, _, __: _rolled_back(see),
    "SUMS": lambda see, _, __: see("sums_records_complete"),
    "RISK": lambda see, _, __: see("risk_assessment_done"),
    "SAFETY": lambda see, _, __: see("functional_safety_validated"),
    "CONSENT": lambda see, _, __: see("user_confirmation") == "explicit",
    "SWIN": lambda see, _, __: not see("type_approval_software_changed") or see("swin_moved"),
    "DEFECT": lambda see, _, __: _answered(see),
    "PARAMREG": lambda see, _, __: (
        see("target_models", 0, "imported") or see("target_models", 0, "annex2_supplemented")
    ),
    "TEST": lambda see, _, __: see("test_evidence_complete"),
    "HASH": lambda see, _, __: see("released_hash_equals_filed"),
    "SCOPE": lambda see, _, __: see("vins_outside_filed_scope") == 0,
    "MKT": lambda see, _, __: see("notice_text_checked"),
    "PARAM": lambda see, classes, _: (
        not classes["parameters"] or (not see("target_models", 0, "imported") and see("change_permit_granted"))
    ),
    "ADS": lambda see, classes, _: (
        not classes["automated_driving"] or (see("ads_permission_granted") and see("ads_odd_inside_permit"))
    ),
    "RECALL": lambda see, classes, _: (
        not classes["recall"] or (see("recall_plan_filed") and see("sellers_told") and see("production_sale_stopped"))
    ),
    "PROD": lambda see, classes, _: not (classes["recall"] and classes["parameters"]) or see("change_permit_granted"),
    "COP": lambda see, _, __: see("target_models", 0, "sold") or see("production_consistency_checked"),
    "MAP": lambda see, _, __: not see("data_used_by_driving_automation") or see("survey_approval_held"),
    "SAMR": lambda see, _, __: not see("target_models", 0, "sold") or see("filings", "samr_record", "state") == "valid",
    "SAMR-LEAD": lambda see, _, __: _early_enough(see),
    "VULN": lambda see, _, __: (
        not see.perhaps("vulnerability_fixed") or (see("vulnerability_reported") and see("notice_text_checked"))
    ),
    "CYB": lambda see, _, __: not see.perhaps("vulnerability_exploited") or see("cyber_incident_reported"),
    "SAFETY-POLICY": lambda see, _, __: not see("company_safety_policy") or not see("weakens_driver_monitoring"),
}
