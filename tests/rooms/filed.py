"""What the tests of papers share: one vehicle type, one drafted activity, and the way to its receipt."""

from roadworthy.database import Database
from roadworthy.filings.model import Filing, Scope
from roadworthy.kernel.decision import Text
from roadworthy.products import actions as products
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId
from tests import papers

from .app import OFFICER, SECOND

PACKAGE, OTHER = "ab" * 32, "cd" * 32
RECEIPT = {"receipt_number": "OTA-2026-17", "receipt_date": "2026-03-02"}


def one_type(database: Database) -> TypId:
    made = products.add_vehicle_type(
        database, OFFICER, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
    )
    products.define_parameter(
        database,
        OFFICER,
        ParameterDefinition("speed", Text("速", "speed"), ParameterType.NUMBER, "km/h", True, None),
    )
    return made.id


def drafted_activity(database: Database, type_id: TypId) -> Filing:
    scope = Scope(vehicle_type_ids=(type_id,), package_sha256=PACKAGE, planned_release="2026-03-10")
    return papers.drafted(database, OFFICER, "miit_activity", scope)


def submit(database: Database, filing: Filing) -> Filing:
    return papers.submitted(database, OFFICER, SECOND, filing, "2026-03-02")


def accept(database: Database, filing: Filing, **more: str) -> Filing:
    return papers.accepted(database, SECOND, filing, **{**RECEIPT, **more})
