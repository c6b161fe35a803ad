"""Which filings count, and for what."""

from collections.abc import Iterable, Mapping
from datetime import date

from roadworthy.filings.model import PENDING, Filing, FilingKind
from roadworthy.kernel.event import Json


def state_word(filing: Filing | None, today: date | None = None) -> str:
    """Give the word of the facts for a filing: none, submitted, or valid; `today` is the day in Beijing.

    One whose packet is still on its way, or of which nobody knows whether it arrived, is not submitted. Without
    `today` the end of validity is not looked at (the worker's `expire` then decides).
    """
    if filing is None:
        return "none"
    if filing.status in PENDING:
        return "submitted" if filing.submitted_on is not None else "none"
    ended = today is not None and filing.valid_until is not None and filing.valid_until < today.isoformat()
    return "valid" if filing.status == "valid" and not ended else "none"


def covers(filing: Filing, vehicle_type_id: str | None, package_sha256: str | None) -> bool:
    """Whether a filing names this vehicle type and this package; None asks for neither."""
    of_type = vehicle_type_id is None or vehicle_type_id in filing.scope.vehicle_type_ids
    of_package = package_sha256 is None or package_sha256 == filing.scope.package_sha256
    # An enterprise filing covers the company: it names no vehicle type and no package.
    return (of_type and of_package) or filing.kind is FilingKind.MIIT_ENTERPRISE


def names_upgrade(filing: Filing, release_id: str, package_sha256: str | None) -> bool:
    """Whether a filing names this release, or this very package; where it names a package, the package counts."""
    named = filing.scope.package_sha256
    if named is not None:
        return named == package_sha256
    return filing.scope.release_id == release_id


def best_of(
    newest_first: Iterable[Filing], vehicle_type_id: str | None, package_sha256: str | None, today: date
) -> tuple[str, Filing | None]:
    """Give the word and the filing that serves best: the first valid one, else the first submitted one."""
    best: tuple[str, Filing | None] = ("none", None)
    for found in newest_first:
        word = state_word(found, today) if covers(found, vehicle_type_id, package_sha256) else "none"
        if word == "valid":
            return word, found
        if word == "submitted" and best[1] is None:
            best = (word, found)
    return best


def grants(permit: Filing, vehicle_type_id: str, after: Mapping[str, Json]) -> bool:
    """Whether a change permit names every value of `after` for a vehicle type; an empty `after` is granted by none."""
    granted = (permit.scope.parameter_values or {}).get(vehicle_type_id, {})
    return bool(after) and all(key in granted and granted[key] == value for key, value in after.items())
