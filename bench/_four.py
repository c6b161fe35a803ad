"""The four classes of Notice 45 as the smallest table there is: four facts, five rules, in every way at once."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from roadworthy.law.calendar import load_calendars
from roadworthy.law.packs import Packs, Program, Texts
from roadworthy.law.parse import read_pack
from roadworthy.law.vocabulary import read_vocabulary

_BOTH = {"zh": "见规则", "en": "see rule"}
_YES = {"eq": True}
_RULES: Mapping[str, Any] = {
    "general": {"major_params_changed": {"eq": False}},
    "major": {"major_params_changed": _YES},
    "automated_driving": {"all": [{"ads_function_affected": _YES}, {"automation_level": {"ge": 3}}]},
    "recall": {"eliminates_defect": _YES},
    "recall_resume_condition": {"all": [{"eliminates_defect": _YES}, {"major_params_changed": _YES}]},
}
_FACTS: Mapping[str, Any] = {
    "target_models": {"type": "list"},
    "major_params_changed": {"type": "bool", "needed": "always"},
    "ads_function_affected": {"type": "bool"},
    "automation_level": {"type": "int", "low": 0, "high": 5, "needed": "always"},
    "eliminates_defect": {"type": "bool", "needed": "always"},
}


def program() -> Program:
    """Give the five rules as a program of the evaluator."""
    vocabulary = {
        "schema": "vocabulary/1",
        "id": "four",
        "version": "1",
        "about": "upgrade",
        "subjects": {"list": "target_models", "key": "code"},
        "parts": {"list": "items", "forget": []},
        "facts": {name: {**fact, **_BOTH, "source": "declared"} for name, fact in _FACTS.items()},
        "derived": {},
        "specimen": {},
    }
    labels = [{"id": n, "label": n, "cites": ["C"], "title": _BOTH, "when": when} for n, when in _RULES.items()]
    head = {
        "schema": "rulepack/1",
        "id": "four",
        "version": "1",
        "title": _BOTH,
        "jurisdiction": "CN",
        "about": "upgrade",
    }
    pack = read_pack({**head, "status": "draft", "verified_by": None, "labels": labels}, "four")
    return Packs(read_vocabulary({"four": vocabulary}), load_calendars(), (pack,), {}, Texts({}, {})).all


def workload() -> list[dict[str, Any]]:
    """Every combination of the facts."""
    flags = (True, False)
    names = [name for name in _FACTS if name != "target_models"]
    return [
        {**dict(zip(names, values, strict=True)), "target_models": [{}]}
        for values in product(flags, flags, range(6), flags)
    ]


def bare(given: Mapping[str, Any]) -> list[str]:
    """Classify, and keep no reasons."""
    main, defect = given["major_params_changed"], given["eliminates_defect"]
    labels = ["major" if main else "general"]
    if given["ads_function_affected"] and given["automation_level"] >= 3:
        labels.append("automated_driving")
    if defect:
        labels.append("recall")
    if defect and main:
        labels.append("recall_resume_condition")
    return labels


def traced(given: Mapping[str, Any]) -> tuple[list[str], dict[str, list[tuple[str, Any]]]]:
    """Classify by the same branches, and keep what each rule read."""
    used: dict[str, list[tuple[str, Any]]] = {}

    def see(rule: str, name: str) -> Any:
        found = given[name]
        used.setdefault(rule, []).append((name, found))
        return found

    labels = [] if see("general", "major_params_changed") else ["general"]
    if see("major", "major_params_changed"):
        labels.append("major")
    if see("automated_driving", "ads_function_affected") and see("automated_driving", "automation_level") >= 3:
        labels.append("automated_driving")
    if see("recall", "eliminates_defect"):
        labels.append("recall")
    if see("recall_resume_condition", "eliminates_defect") and see("recall_resume_condition", "major_params_changed"):
        labels.append("recall_resume_condition")
    return labels, used
