"""Example vehicles as files that people send."""

import io

from roadworthy.database import Database
from roadworthy.kernel.vin import Vin, check_digit
from roadworthy.products import actions as products
from roadworthy.products.model import VehicleType

from .app import OFFICER

HEADER = "vin,model_code,variant,sold,test_fleet,province,plant,built_on\n"


def vin(number: int) -> str:
    draft = f"LEX00000{0}A{number:07d}"
    return draft[:8] + check_digit(Vin(draft)) + draft[9:]


def stream(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def example_model(database: Database) -> VehicleType:
    """A vehicle type EX1 with the variant LR."""
    made = products.add_vehicle_type(
        database, OFFICER, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
    )
    products.add_variant(database, OFFICER, made.id, "LR")
    return made
