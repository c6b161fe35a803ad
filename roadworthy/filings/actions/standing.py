"""What the gate asks: how far the best paper of a kind is."""

from collections.abc import Mapping

from roadworthy.database import View
from roadworthy.filings import rules, store
from roadworthy.filings.model import Filing, FilingKind
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import beijing_date


def standing(
    view: View, kind: FilingKind, vehicle_type_id: str | None = None, package_sha256: str | None = None
) -> tuple[str, Filing | None]:
    """Give the best there is of a kind for a vehicle type and a package: the word of the facts, and the filing.

    The word is `valid` (in force), else `submitted`, else `none` with no filing. Of equals the newest wins.
    """
    return rules.best_of(store.live_filings(view, kind), vehicle_type_id, package_sha256, beijing_date(view.now))


def in_force(
    view: View, kind: FilingKind, vehicle_type_id: str | None = None, package_sha256: str | None = None
) -> Filing | None:
    """Give the newest filing of a kind that is valid now and covers the vehicle type and the package, or None."""
    word, found = standing(view, kind, vehicle_type_id, package_sha256)
    return found if word == "valid" else None


def change_permit(view: View, vehicle_type_id: str, after: Mapping[str, Json]) -> Filing | None:
    """Give the newest change permit in force that grants all of `after` (new value by parameter key), or None.

    A permit for other parameters, or for other values, is none for this change (N45-7b).
    """
    today = beijing_date(view.now)
    for found in store.live_filings(view, FilingKind.MIIT_CHANGE_PERMIT):
        if rules.state_word(found, today) == "valid" and rules.grants(found, vehicle_type_id, after):
            return found
    return None


def ads_permit(view: View, vehicle_type_id: str, release_id: str, package_sha256: str | None) -> Filing | None:
    """Give the newest permission for automated driving in force that names this model and this very upgrade, or None.

    A permission that admitted the model with other software permits no upgrade (N45-7c).
    """
    today = beijing_date(view.now)
    for found in store.live_filings(view, FilingKind.L3_PERMIT):
        named = vehicle_type_id in found.scope.vehicle_type_ids
        named = named and rules.names_upgrade(found, release_id, package_sha256)
        if named and rules.state_word(found, today) == "valid":
            return found
    return None
