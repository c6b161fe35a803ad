"""What a change of law would change: every open campaign and release, judged by the law in force and by a candidate.

The facts are those of the last decision where one is kept, so that nothing but the law differs; else they are gathered
now. Filings have no class of their own: those on which a decision rests stand beside it. Nothing is recorded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from roadworthy import law
from roadworthy.campaigns import store
from roadworthy.campaigns.actions.gating import judge_wave
from roadworthy.campaigns.model import Campaign
from roadworthy.database import View
from roadworthy.kernel.decision import Outcome, strictest
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import beijing_date
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Regime, judge
from roadworthy.releases.model import Release
from roadworthy.rulebook import rules as rulebook_rules

OPEN_CAMPAIGNS = frozenset({"draft", "approved", "running", "paused", "held"})
OPEN_RELEASES = frozenset({"draft", "submitted", "approved"})
_PAGE = 500

Noun = TypeVar("Noun", Campaign, Release)
_Facts = tuple[str, Mapping[str, Json], Sequence[str], str]


@dataclass(frozen=True)
class Impact:
    """One campaign or release and vehicle type under both laws. `gates` are those whose state differs: [old, new].

    `facts` says whether they are `stored` or `gathered`; `would_block` lists what a later day would add; `problem` is
    why it could not be judged, and everything else is then empty.
    """

    kind: str
    id: str
    status: str
    vehicle_type: str
    facts: str = ""
    decision: tuple[str, str] = ("", "")
    labels: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    tiers: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    gates: Mapping[str, tuple[str, str]] | None = None
    would_block: tuple[Mapping[str, Any], ...] = ()
    filings: tuple[str, ...] = ()
    problem: str = ""

    @property
    def changes(self) -> bool:
        """Whether the candidate says something else, now or later, or nothing can be said."""
        pairs = (self.decision, self.labels, self.tiers)
        return bool(self.gates or self.would_block or self.problem) or any(old != new for old, new in pairs)

    @property
    def closes(self) -> bool:
        """Whether what is open now would not be."""
        return self.decision[0] == "open" != self.decision[1]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {**asdict(self), "changes": self.changes, "closes": self.closes}


def impact(view: View, regime: Regime, candidate: law.Packs) -> list[Impact]:
    """Judge every open campaign, and every open release for each of its vehicle types, under both laws."""
    found: list[Impact] = []
    for campaign in _every(view, store.page):
        if campaign.status in OPEN_CAMPAIGNS:
            found += _asked(view, regime, candidate, campaign, "campaign", _of_campaign)
    for release in _every(view, releases_store.page):
        if release.status in OPEN_RELEASES:
            found += _asked(view, regime, candidate, release, "release", _of_release)
    return found


def _asked(
    view: View,
    regime: Regime,
    candidate: law.Packs,
    noun: Noun,
    kind: str,
    gather: Callable[[View, Regime, Noun], Iterable[_Facts]],
) -> Iterator[Impact]:
    try:
        for type_id, facts, filings, how in gather(view, regime, noun):
            try:
                yield _compared(
                    view, regime, candidate, Impact(kind, noun.id, noun.status, type_id, how), facts, filings
                )
            except RoadworthyError as error:
                yield Impact(kind, noun.id, noun.status, type_id, how, problem=error.message)
    except RoadworthyError as error:
        yield Impact(kind, noun.id, noun.status, "", problem=error.message)


def _of_campaign(view: View, regime: Regime, campaign: Campaign) -> Iterator[_Facts]:
    decided = store.last_decisions(view, campaign.id)
    for one in decided:
        yield one.vehicle_type_id, store.decision_basis(view, one.id)[0], one.filing_ids, "stored"
    if not decided:
        for judged in judge_wave(view, regime, campaign):
            yield judged.vehicle_type_id, judged.facts, judged.filing_ids, "gathered"


def _of_release(view: View, regime: Regime, release: Release) -> Iterator[_Facts]:
    kept = {one.vehicle_type_id: one for one in releases_store.latest_classifications(view, release.id)}
    for type_id in release.vehicle_type_ids:
        if type_id in kept:
            yield type_id, kept[type_id].facts, (), "stored"
        else:
            judged = judge(view, regime, release, type_id)
            yield type_id, judged.facts, judged.filing_ids, "gathered"


def _compared(
    view: View,
    regime: Regime,
    candidate: law.Packs,
    about: Impact,
    facts: Mapping[str, Json],
    filings: Sequence[str],
) -> Impact:
    now = regime.packs_at(view)
    old, new = (law.classify(facts, packs, view.now) for packs in (now, candidate))
    before, after = _gates(old), _gates(new)
    tokens = sorted(before.keys() | after.keys())
    states = {token: (before.get(token, "not required"), after.get(token, "not required")) for token in tokens}
    today = beijing_date(view.now).isoformat()
    later = [row for row in rulebook_rules.shadow(facts, now, candidate, view.now) if row["from"] > today]
    return Impact(
        about.kind,
        about.id,
        about.status,
        about.vehicle_type,
        about.facts,
        decision=(str(old.decision), str(new.decision)),
        labels=(_said(old, "labels"), _said(new, "labels")),
        tiers=(_said(old, "tier"), _said(new, "tier")),
        gates={token: pair for token, pair in states.items() if pair[0] != pair[1]},
        would_block=tuple(later),
        filings=tuple(filings),
    )


def _gates(answer: law.Answer) -> dict[str, str]:
    """Give the strictest state of each required gate over all models."""
    found: dict[str, list[Outcome]] = {}
    for model in answer.models:
        for gate in (*model["gates_open"], *model["gates_blocked"]):
            found.setdefault(gate["token"], []).append(Outcome(gate.get("state", "open")))
    return {token: str(strictest(states)) for token, states in found.items()}


def _said(answer: law.Answer, key: str) -> tuple[str, ...]:
    said = [model[key] for model in answer.models]
    words = [word for one in said for word in (one if isinstance(one, list) else [one])]
    return tuple(sorted({str(word) for word in words if word is not None}))


def _every(view: View, page: Callable[[View, str, int], Sequence[Noun]]) -> Iterator[Noun]:
    after = ""
    while found := page(view, after, _PAGE):
        yield from found
        after = found[-1].id
