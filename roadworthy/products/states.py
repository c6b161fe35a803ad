"""Life cycle of a vehicle type."""

from roadworthy.kernel.lifecycle import Lifecycle, Move

_ROLE = "homologation_officer"

VEHICLE_TYPE = Lifecycle(
    noun="vehicle type",
    initial="active",
    moves=(
        Move("active", "retire", "retired", _ROLE, "N45-2d"),
        Move("retired", "reinstate", "active", _ROLE, "N45-2d"),
    ),
)
