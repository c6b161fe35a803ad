"""What the pages of law show: packs that count, what is coming, and the open questions with the readings taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from roadworthy.database import View
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound, RoadworthyError
from roadworthy.kernel.time import beijing_date
from roadworthy.law.model import Ambiguity, Gate, Pack, Rule
from roadworthy.law.packs import SHADOW, Packs
from roadworthy.rulebook import actions, rules, store
from roadworthy.rulebook.model import Activation
from roadworthy.rulebook.web.api import doubts_of
from roadworthy.webui import mentions


@dataclass(frozen=True)
class Counting:
    """One pack that counts, or is tried: among which packs, by what decision, since when, how well it is known."""

    pack: Pack
    about: str
    packs: Packs
    activation: Activation | None
    shadow: bool
    since: datetime | None
    grade: str | None
    authentic: bool

    @property
    def status(self) -> str:
        """The word for how it counts."""
        return "shadow" if self.shadow else "in_force"

    @property
    def href(self) -> str:
        """Where its rules are shown."""
        if self.activation is not None:
            return f"/law/versions/{self.pack.digest}"
        return f"/law/packs/{self.pack.id}"


@dataclass(frozen=True)
class Coming:
    """Law that is not in force yet: a rule of a pack that begins later, or one on trial; or a version to come."""

    day: date
    pack: Pack
    key: str
    title: Text
    trial: bool = False
    blocks: bool = False


@dataclass(frozen=True)
class Question:
    """An open question of the law, and the reading that is taken."""

    pack: Pack
    ambiguity: Ambiguity
    chosen: str


def counting(view: View) -> list[Counting]:
    """Give the packs that count now and those on trial, in the order of their ids."""
    adoptions = store.adoptions(view)
    present: dict[str, Packs] = {}
    found = []
    for one in actions.in_force(view):
        by = one.activation
        if one.shadow and by is not None:
            packs = actions.candidate(view, by.digest)[1]
        else:
            if one.about not in present:
                present[one.about] = actions.packs_at(view, one.about)
            packs = present[one.about]
        since = rules.shipped_since(adoptions, one.pack.id) if by is None else by.effective_from
        doubts = doubts_of(packs, one.pack.id)
        shadow = one.shadow or one.pack.status == SHADOW
        found.append(Counting(one.pack, one.about, packs, by, shadow, since, doubts["grade"], doubts["authentic"]))
    return found


def in_force(view: View, pack_id: str) -> Counting:
    """Give the pack of this id that counts now.

    Raises NotFound.
    """
    found = [one for one in counting(view) if one.pack.id == pack_id]
    if not found:
        raise NotFound(f"No pack {pack_id[:80]} is in force; the page of law lists all that are.")
    return found[0]


def coming(view: View, known: Sequence[Counting]) -> list[Coming]:
    """Give what is coming, the next first."""
    today = beijing_date(view.now)
    found = [_rule(one, rule, today) for one in known for rule in one.pack.rules if one.shadow or rule.since > today]
    titles = {one.pack.id: one.pack for one in known}
    for activation in store.activations(view):
        if activation.status == "confirmed" and activation.effective_from is not None:
            pack = titles.get(activation.pack)
            if pack is not None:
                version = store.load_version(view, activation.digest).version
                day = beijing_date(activation.effective_from)
                title = Text(f"版本 {version}", f"version {version}")
                found.append(Coming(day, pack, "", title, trial=activation.mode == "shadow"))
    return sorted(found, key=lambda one: (one.day, one.pack.id, one.key))


def questions(known: Sequence[Counting]) -> list[Question]:
    """Give every open question once, with the reading taken, in the order of their ids."""
    found = {
        ambiguity.id: Question(one.pack, ambiguity, one.packs.choices.get(ambiguity.id, ambiguity.default))
        for one in known
        if not one.shadow
        for ambiguity in one.pack.ambiguities.values()
    }
    return [found[key] for key in sorted(found)]


def how_known(view: View, wanted: Collection[mentions.Rule]) -> Mapping[mentions.Rule, mentions.Standing]:
    """Say how well the rules behind duties are known; for `mentions.register_rules`.

    Where the law itself cannot be read, no rule is known: its own page says why, and the clocks are shown all the same.
    """
    try:
        known = {one.pack.id: one for one in counting(view) if not one.shadow}
    except RoadworthyError:
        return {}
    return {key: _standing(known[key[0]], key) for key in wanted if key[0] in known}


def _standing(one: Counting, key: mentions.Rule) -> mentions.Standing:
    rule = next((rule for rule in one.pack.rules if rule.id == key[2]), None)
    replaced = one.pack.digest != key[1]
    href = f"{one.href}#rule-{key[2]}" if rule is not None else one.href
    if rule is None or replaced:
        return mentions.Standing(href, replaced=replaced)
    return mentions.Standing(href, one.packs.doubt(rule)["grade"], one.packs.verified(rule))


def _rule(one: Counting, rule: Rule, today: date) -> Coming:
    key = rule.token if isinstance(rule, Gate) else rule.id
    return Coming(max(rule.since, today), one.pack, key, rule.title, one.shadow, isinstance(rule, Gate))
