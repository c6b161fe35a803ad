"""A model with parameters of Annex 2, and what its people and laboratories do."""

from typing import Any

from roadworthy.admission import actions
from roadworthy.admission.model import BuildRecord, SupplementReceipt, TestReport
from roadworthy.database import Actor, Database
from roadworthy.kernel.decision import Text
from roadworthy.products import actions as products
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId

from .app import OFFICER, SECOND

BOTH = Actor("USR-01C0MP000000000000000000CC", frozenset({"compliance_officer", "homologation_officer"}))
REGISTERED = {"cdas_fitted": True, "functions": ["acc", "lcc"], "speed_max": "120", "theme": "dawn"}


def define(database: Database) -> None:
    for key, kind, facts in (
        ("cdas_fitted", "bool", {"annex2": True}),
        ("functions", "list", {"annex2": True, "needed_if": "cdas_fitted"}),
        ("speed_max", "number", {"annex2": True, "needed_if": "cdas_fitted", "needs_report": True, "is_main": True}),
        ("theme", "text", {"is_main": False}),
    ):
        known: dict[str, Any] = {"unit": "", "is_main": None, "tolerance": "1" if kind == "number" else None, **facts}
        made = ParameterDefinition(key, Text("参数", key), ParameterType(kind), **known)
        products.define_parameter(database, OFFICER, made)


def model(database: Database, code: str = "EX1", *, register: bool = True) -> TypId:
    made = products.add_vehicle_type(
        database, OFFICER, model_code=code, name=code, automation_level=2, licensed_manufacturer="Example"
    )
    if register:
        actions.register_values(database, OFFICER, made.id, REGISTERED, ground="announcement", reference="batch 400")
    return made.id


def report(database: Database, type_id: TypId, *, check: bool = True, **facts: Any) -> TestReport:
    usual = {
        "number": "T-1", "laboratory": "Lab", "scope": "GB 47955", "issued_on": "2026-02-01", "filename": "t.pdf",
        "sha256": "ab" * 32, "verifies": ("speed_max",),
    }  # fmt: skip
    made = actions.record_report(database, OFFICER, actions.NewReport(type_id, **{**usual, **facts}))
    return actions.check_report(database, SECOND, made.id) if check else made


def receipt(database: Database, type_id: TypId, authority: str, *, confirm: bool = True) -> SupplementReceipt:
    made = actions.record_receipt(
        database, OFFICER, type_id, authority=authority, receipt_number=f"{authority}-1", receipt_date="2026-02-10",
        document_sha256="cd" * 32,
    )  # fmt: skip
    return actions.confirm_receipt(database, SECOND, made.id) if confirm else made


def built(database: Database, type_id: TypId, vin: str, **values: Any) -> dict[str, Any]:
    records = [BuildRecord(vin, type_id, key, value) for key, value in {**REGISTERED, **values}.items()]
    return actions.record_builds(database, OFFICER, records, "plant 1")
