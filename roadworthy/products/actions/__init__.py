"""The verbs over vehicle types, variants, ECUs and parameter definitions; all by a homologation officer."""

from roadworthy.products.actions.catalogue import Loaded, catalogue, catalogues, load_catalogue, parse_entry
from roadworthy.products.actions.ecus import add_ecu, amend_ecu
from roadworthy.products.actions.editing import ROLE, NothingChanged
from roadworthy.products.actions.importing import Examined, Sheet, check_table, import_table
from roadworthy.products.actions.parameters import amend_parameter, define_parameter, define_parameters
from roadworthy.products.actions.tables import ecus_table, parameters_table
from roadworthy.products.actions.vehicle_types import (
    add_announcement,
    add_variant,
    add_vehicle_type,
    amend_variant,
    amend_vehicle_type,
    reinstate,
    retire,
)

__all__ = [
    "ROLE",
    "Examined",
    "Loaded",
    "NothingChanged",
    "Sheet",
    "add_announcement",
    "add_ecu",
    "add_variant",
    "add_vehicle_type",
    "amend_ecu",
    "amend_parameter",
    "amend_variant",
    "amend_vehicle_type",
    "catalogue",
    "catalogues",
    "check_table",
    "define_parameter",
    "define_parameters",
    "ecus_table",
    "import_table",
    "load_catalogue",
    "parameters_table", "parse_entry",
    "reinstate",
    "retire",
]  # fmt: skip
