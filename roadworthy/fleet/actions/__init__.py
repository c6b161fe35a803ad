"""The verbs of the fleet."""

from roadworthy.fleet.actions.attributes import record_attributes, wants_config
from roadworthy.fleet.actions.importing import import_ecus, import_vehicles
from roadworthy.fleet.actions.provisioning import provision
from roadworthy.fleet.actions.recording import amend_vehicle, record_attestation, record_report, vehicle_of_token
from roadworthy.fleet.actions.tables import export_csv, template

__all__ = [
    "amend_vehicle",
    "export_csv",
    "import_ecus",
    "import_vehicles",
    "provision",
    "record_attestation",
    "record_attributes",
    "record_report",
    "template",
    "vehicle_of_token",
    "wants_config",
]
