"""What the gates of a campaign rest on: filings by number and state, papers, the package, people by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from roadworthy.accounts import store as accounts_store
from roadworthy.campaigns.web.page import Evidence
from roadworthy.campaigns.web.words import FILINGS
from roadworthy.database import View
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import PENDING, Filing, FilingKind
from roadworthy.kernel.decision import Text
from roadworthy.releases import store as releases_store
from roadworthy.releases.model import Dossier, DossierKind, Release

_FILED: Mapping[str, FilingKind] = {
    "ENT": FilingKind.MIIT_ENTERPRISE,
    "TYPE": FilingKind.MIIT_TYPE,
    "ACT": FilingKind.MIIT_ACTIVITY,
    "HASH": FilingKind.MIIT_ACTIVITY,
    "SCOPE": FilingKind.MIIT_ACTIVITY,
    "SAMR": FilingKind.SAMR_RECORD,
    "SAMR-LEAD": FilingKind.SAMR_RECORD,
    "PARAM": FilingKind.MIIT_CHANGE_PERMIT,
    "PROD": FilingKind.MIIT_CHANGE_PERMIT,
    "RECALL": FilingKind.RECALL_PLAN,
    "ADS": FilingKind.L3_PERMIT,
}
_PAPERS: Mapping[str, DossierKind] = {
    "RISK": DossierKind.RISK,
    "SAFETY": DossierKind.SAFETY,
    "TEST": DossierKind.TEST,
    "SUMS": DossierKind.SUMS,
    "MKT": DossierKind.NOTICE,
    "VER": DossierKind.VERIFICATION,
    "MAP": DossierKind.SURVEY,
    "CONSUMER": DossierKind.CONSUMER,
}
# Of one release: these kinds name its package, so the release's own filings are all there is to look at.
_OF_RELEASE = frozenset({FilingKind.MIIT_ACTIVITY, FilingKind.SAMR_RECORD})
_PAGE = 500


@dataclass(frozen=True)
class Papers:
    """What there is beside a release: filings that count, other attempts at filing, its dossier, names of people."""

    release: Release
    dossier: Dossier
    counting: Sequence[Filing]
    others: Sequence[Filing]
    names: Mapping[str, str]

    def of(self, token: str, vehicle_type_ids: Sequence[str], *, met: bool) -> tuple[Evidence, ...]:
        """Give what a gate rests on, or the newest attempts at it while it is not `met`."""
        if token in _FILED:
            return self._filings(_FILED[token], vehicle_type_ids, met=met)
        if token in _PAPERS:
            return tuple(self._papers(_PAPERS[token]))
        own = {"PACKAGE": self._package, "SBOM": self._bill, "APPROVAL": self._approval}
        return own[token]() if token in own else ()

    def _filings(self, kind: FilingKind, vehicle_type_ids: Sequence[str], *, met: bool) -> tuple[Evidence, ...]:
        def covers(one: Filing) -> bool:
            types = one.scope.vehicle_type_ids
            return one.kind is kind and (not types or bool(set(types) & set(vehicle_type_ids)))

        found = [f for f in self.counting if covers(f)]
        if not met and not found:
            found = [f for f in self.others if covers(f)][-1:]
        return tuple(_of_filing(f) for f in found)

    def _papers(self, kind: DossierKind) -> Iterable[Evidence]:
        for item in self.dossier.items:
            if item.kind is kind:
                yield Evidence(item.filename, "unchecked" if item.approver_id is None else "checked")

    def _package(self) -> tuple[Evidence, ...]:
        package = self.release.package
        return () if package is None else (Evidence(package.filename),)

    def _bill(self) -> tuple[Evidence, ...]:
        bill = self.dossier.sbom
        if bill is None:
            return ()
        amount = bill.components
        said = Text(f"CycloneDX {bill.spec_version}，{amount} 个组件", f"CycloneDX {bill.spec_version}: {amount} parts")
        return (Evidence(said),)

    def _approval(self) -> tuple[Evidence, ...]:
        return tuple(Evidence(self.names[who]) for who in (self.release.approver_id,) if who is not None)


def load_papers(
    view: View, release: Release, filing_ids: Iterable[str], unmet: Iterable[str], people: Iterable[str | None]
) -> Papers:
    """Load what the page shows as evidence: one read a filing that counts, and the attempts at `unmet` gates."""
    own = _all_of(view, release_id=release.id)
    by_id: dict[str, Filing] = {f.id: f for f in own}
    counting = [by_id.get(one) or filings_store.load_filing(view, one) for one in filing_ids]
    others = [f for f in own if f not in counting]
    for kind in sorted({_FILED[token] for token in unmet if token in _FILED} - _OF_RELEASE):
        others += _all_of(view, kind)
    names = names_of(view, [release.author_id, release.approver_id, *people])
    return Papers(release, releases_store.dossier_of(view, release.id), counting, others, names)


def _all_of(view: View, kind: FilingKind | None = None, release_id: str | None = None) -> list[Filing]:
    found: list[Filing] = []
    while True:
        after = found[-1].id if found else ""
        part = filings_store.list_filings(view, kind=kind, release_id=release_id, after=after, limit=_PAGE)
        found += part[:_PAGE]
        if len(part) <= _PAGE:
            return found


def names_of(view: View, people: Iterable[str | None]) -> dict[str, str]:
    """Give the names of people by id; vehicles and the system have none here."""
    ids = {one for one in people if one is not None and one.startswith("USR-")}
    return {one: accounts_store.load_person(view, one).name for one in sorted(ids)}


def _of_filing(found: Filing) -> Evidence:
    day = (found.submitted_on if found.status in PENDING else found.receipt_date) or ""
    return Evidence(found.receipt_number or FILINGS[str(found.kind)], found.status, day)
