"""The papers at the authorities that bear on one release and vehicle type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from roadworthy.database import View
from roadworthy.filings import actions as filings
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import Filing, FilingKind
from roadworthy.filings.rules import state_word
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import beijing_date, parse_date
from roadworthy.releases import rules
from roadworthy.releases.model import Release

# Which days of a paper the law asks about.
_DAYS = {
    FilingKind.MIIT_ACTIVITY: ("submitted_on",),
    FilingKind.SAMR_RECORD: ("submitted_on", "package_delivered_on"),
}


@dataclass(frozen=True)
class Papers:
    """The best filing of each kind for one release and vehicle type, and the words for how far it is.

    `activity` and `record` may name other bytes than the release has: then what was filed is not what is released.
    """

    states: Mapping[str, Mapping[str, Json]]
    activity: Filing | None
    record: Filing | None
    change_permit: Filing | None
    recall_plan: Filing | None
    ads_permit: Filing | None
    resting: tuple[Filing, ...]

    @classmethod
    def of(cls, view: View, release: Release, vehicle_type_id: str, changes: Sequence[rules.Change]) -> "Papers":
        """Look the papers up at the moment of `view`."""
        sha256 = release.package.sha256 if release.package else None
        found = {
            FilingKind.MIIT_ENTERPRISE: filings.standing(view, FilingKind.MIIT_ENTERPRISE),
            FilingKind.MIIT_TYPE: filings.standing(view, FilingKind.MIIT_TYPE, vehicle_type_id),
            FilingKind.MIIT_ACTIVITY: filings.standing(view, FilingKind.MIIT_ACTIVITY, vehicle_type_id, sha256),
            FilingKind.SAMR_RECORD: filings.standing(view, FilingKind.SAMR_RECORD, vehicle_type_id, sha256),
        }
        # A permit counts for the very values that the release sets (N45-7b).
        main = {change.name: change.after for change in changes if change.is_main is not False}
        permit = filings.change_permit(view, vehicle_type_id, main) if main else None
        plan = _recall_plan(view, release, vehicle_type_id, sha256)
        ads = filings.ads_permit(view, vehicle_type_id, release.id, sha256)
        states = {str(kind): _state(kind, word, filing) for kind, (word, filing) in found.items()}
        valid = [filing for word, filing in found.values() if word == "valid"]
        return cls(
            states,
            found[FilingKind.MIIT_ACTIVITY][1] or _of_other_bytes(view, release, FilingKind.MIIT_ACTIVITY),
            found[FilingKind.SAMR_RECORD][1] or _of_other_bytes(view, release, FilingKind.SAMR_RECORD),
            permit,
            plan,
            ads,
            tuple(filing for filing in (*valid, permit, plan, ads) if filing is not None),
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the papers in force."""
        return tuple(sorted(filing.id for filing in self.resting))

    @property
    def valid_until(self) -> date | None:
        """The last day on which all papers in force are valid; None when none of them ends."""
        return min((parse_date(one.valid_until) for one in self.resting if one.valid_until is not None), default=None)

    def filed(self, *, imported: bool, sold: bool) -> list[Filing | None]:
        """Give the filings that must name these bytes and vehicles: MIIT's of domestic models, SAMR's of sold cars."""
        return [*([] if imported else [self.activity]), *([self.record] if sold else [])]


def _recall_plan(view: View, release: Release, vehicle_type_id: str, sha256: str | None) -> Filing | None:
    """Give the newest plan in force for the vehicle type that names this release or its package (N45-7d).

    A plan that names neither is the plan of some defect, and nobody has said that this release removes that one.
    """
    today = beijing_date(view.now)
    for plan in filings_store.live_filings(view, FilingKind.RECALL_PLAN):
        names = plan.scope.release_id == release.id or (sha256 is not None and plan.scope.package_sha256 == sha256)
        if names and vehicle_type_id in plan.scope.vehicle_type_ids and state_word(plan, today) == "valid":
            return plan
    return None


def _of_other_bytes(view: View, release: Release, kind: FilingKind) -> Filing | None:
    """Give a filing of this release that names other bytes."""
    found = filings_store.list_filings(view, kind=str(kind), release_id=release.id, limit=500)
    return next((f for f in reversed(found) if state_word(f) != "none"), None)


def _state(kind: FilingKind, word: str, filing: Filing | None) -> dict[str, Json]:
    facts: dict[str, Json] = {"state": word}
    for name in _DAYS.get(kind, ()):
        if filing is not None and getattr(filing, name) is not None:
            facts[name] = getattr(filing, name)
    return facts
