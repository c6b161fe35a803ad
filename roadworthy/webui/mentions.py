"""Things that a page mentions and another room owns: what kind of thing, its name, its page; and how sure a rule is.

A lower room keeps ids only (a clock is about a campaign by its rule); who owns them registers here, and the page asks.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from roadworthy.database import View
from roadworthy.kernel.decision import Text

Names = Callable[[View, Collection[str]], Mapping[str, str]]
Rule = tuple[str, str, str]  # id of the pack, its digest, id of the rule
Rules = Callable[[View, Collection[Rule]], Mapping[Rule, "Standing"]]


@dataclass(frozen=True)
class Thing:
    """A thing by its kind and id; `name` and `href` are empty where nobody registered its kind."""

    kind: Text
    id: str
    name: str = ""
    href: str = ""


@dataclass(frozen=True)
class Standing:
    """How well the law behind a rule is known: the weakest grade, and whether a person compared its texts.

    `replaced` says that another version of the pack has come into force since.
    """

    href: str = ""
    grade: str = ""
    verified: bool = False
    replaced: bool = False


_kinds: dict[str, tuple[Text, str, Names]] = {}
_rules: list[Rules] = []


def register(kind: str, word: Text, href: str, names: Names) -> None:
    """Say that things of `kind` are called `word`, have their pages below `href`, and how to find their names."""
    _kinds[kind] = (word, href, names)


def register_rules(rules: Rules) -> None:
    """Say who knows how well a rule of the law is known."""
    _rules[:] = [rules]


def things(view: View, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Thing]:
    """Give the things named by (kind, id); one that is not there any more keeps its id."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, one in wanted:
        by_kind[kind].add(one)
    found = {}
    for kind, ids in by_kind.items():
        word, href, names = _kinds.get(kind, (Text(kind, kind), "", _nameless))
        known = names(view, ids)
        for one in ids:
            found[kind, one] = Thing(word, one, known.get(one, ""), f"{href}/{one}" if one in known else "")
    return found


def rules_of(view: View, wanted: Collection[Rule]) -> Mapping[Rule, Standing]:
    """Give how well rules are known; a rule that nobody knows stands as not verified."""
    known = [rules(view, wanted) for rules in _rules]
    return {rule: next((one[rule] for one in known if rule in one), Standing()) for rule in wanted}


def _nameless(_view: View, _ids: Collection[str]) -> Mapping[str, str]:
    return {}
