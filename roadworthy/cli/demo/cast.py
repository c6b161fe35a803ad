"""The demo's invented company: its people, models, parameters and vehicles. Nothing here is real."""

import csv
import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roadworthy.kernel.vin import Vin, check_digit

COMPANY = "Huayang Motor (demo)"

# name, roles, label in both languages
PEOPLE: Sequence[tuple[str, tuple[str, ...], str]] = (
    ("Lin Qiao", ("release_engineer",), "release engineer 发布工程师"),
    ("Zhao Min", ("release_manager",), "release manager 发布经理"),
    ("Gu Wen", ("safety_engineer",), "safety engineer 安全工程师"),
    ("He Rui", ("compliance_officer",), "compliance officer 合规专员"),
    ("Shen Yu", ("homologation_officer",), "homologation officer 准入专员"),
    ("Tang Bo", ("homologation_officer", "compliance_officer"), "second signature 复核人"),
    ("Fang Lei", ("recall_manager",), "recall manager 召回经理"),
    ("Xu Jing", ("auditor",), "auditor 审计"),
)

PARAMETERS: Sequence[Mapping[str, Any]] = (
    {"key": "speed_max", "zh": "组合驾驶辅助最高运行速度", "en": "maximum speed of driver assistance",
     "type": "number", "unit": "km/h", "is_main": True, "tolerance": "0"},
    {"key": "functions", "zh": "功能清单", "en": "functions", "type": "list", "unit": "", "is_main": True,
     "tolerance": None},
    {"key": "dms.hands_off_warning", "zh": "脱手警告时间", "en": "hands-off warning time", "type": "number",
     "unit": "s", "is_main": True, "tolerance": "0"},
    {"key": "energy_consumption", "zh": "能量消耗量", "en": "energy consumption", "type": "number",
     "unit": "kWh/100km", "is_main": True, "tolerance": "0.05"},
    {"key": "ivi.theme", "zh": "座舱主题", "en": "cockpit theme", "type": "text", "unit": "", "is_main": False,
     "tolerance": None},
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """One model of the company: how it is announced, and the code its VINs begin with."""

    code: str
    name: str
    wmi: str
    share: float


MODELS = (
    Model("HY6500A", "Huayang X7", "LHYA65CA", 0.5),
    Model("HY6500B", "Huayang X7 Pro", "LHYB65CB", 0.3),
    Model("HY7000C", "Huayang S9", "LHYC70CC", 0.2),
)

# ECU name, hardware id, supplier, what its software can influence, Primary?
ECUS: Sequence[tuple[str, str, str, tuple[str, ...], bool]] = (
    ("ADCU", "adcu-hw3", "Huayang Electronics", ("speed_max", "functions", "dms.hands_off_warning"), True),
    ("IVI", "ivi-hw2", "Huayang Electronics", ("ivi.theme",), False),
)

REGISTERED: Mapping[str, Any] = {
    "speed_max": "120",
    "functions": ["lane_centering", "adaptive_cruise"],
    "dms.hands_off_warning": "10",
    "energy_consumption": "13.9",
    "ivi.theme": "dawn",
}

PROVINCES = ("江苏", "浙江", "广东", "四川", "北京", "上海", "湖北", "山东")

# Papers of a release: kind, who writes it, who checks it (labels of PEOPLE are by name)
PAPERS: Sequence[tuple[str, str, str]] = (
    ("risk_assessment_done", "Gu Wen", "He Rui"),
    ("functional_safety_validated", "Gu Wen", "He Rui"),
    ("test_evidence_complete", "Lin Qiao", "Gu Wen"),
    ("sums_records_complete", "Lin Qiao", "He Rui"),
    ("notice_text_checked", "He Rui", "Zhao Min"),
    ("verification_attached", "Shen Yu", "Tang Bo"),
)


def answers(safety_performance: bool) -> Sequence[tuple[str, str, Any]]:
    """Give the facts that people state: fact, who states it, value."""
    return (
        ("performance_change.safety", "Shen Yu", safety_performance),
        ("performance_change.environment", "Shen Yu", False),
        ("performance_change.energy", "Shen Yu", False),
        ("performance_change.anti_theft", "Shen Yu", False),
        ("defect_removed", "Fang Lei", "no"),
        ("open_defect_investigation", "Fang Lei", False),
        ("weakens_driver_monitoring", "Gu Wen", False),
        ("data_used_by_driving_automation", "Gu Wen", False),
    )


def vehicles_csv(count: int) -> bytes:
    """Give an import file of `count` vehicles with valid check digits; the same every time."""
    dice = random.Random(20260301)  # noqa: S311 - invented data, the same in every demo
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["vin", "model_code", "variant", "sold", "test_fleet", "province", "plant", "built_on"])
    for number in range(count):
        model = dice.choices(MODELS, [m.share for m in MODELS])[0]
        draft = f"{model.wmi}0S{number:07d}"
        vin = draft[:8] + check_digit(Vin(draft)) + draft[9:]
        day = f"2025-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        writer.writerow([vin, model.code, "", "true", "false", dice.choice(PROVINCES), "Changzhou", day])
    return out.getvalue().encode("utf-8")


def sbom(name: str, version: str) -> bytes:
    """Give a small CycloneDX bill of materials of an invented package."""
    parts = [("perception-net", "2.8.1"), ("openssl", "3.0.15"), ("zlib", "1.3.1"), ("autosar-com", "4.4.0")]
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": {"type": "firmware", "name": name, "version": version}},
            "components": [
                {"type": "library", "name": part, "version": number, "purl": f"pkg:generic/{part}@{number}"}
                for part, number in parts
            ],
        }
    ).encode()


def package(seed: str, size: int) -> bytes:
    """Give `size` bytes of an invented image, the same for the same seed."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - invented data
