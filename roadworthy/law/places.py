"""Where the input facts of a vocabulary stand in a facts file, and how to read them there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from roadworthy.law.compiled import UNKNOWN
from roadworthy.law.vocabulary import Fact, Vocabulary

ABSENT = object()


class Situation(Protocol):
    """The file, the entry of one model in it, and one part of a mixed package or None."""

    top: Mapping[str, Any]
    subject: Mapping[str, Any]
    part: Mapping[str, Any] | None


Raw = Callable[[Situation], Any]


class Sheet(NamedTuple):
    """Where plain facts stand in an object of the file: the fact under each key, and the objects further down."""

    names: dict[str, str]
    below: dict[str, "Sheet"]

    def plant(self, path: Sequence[str], name: str) -> None:
        """Put a fact at a path."""
        if len(path) == 1:
            self.names[path[0]] = name
        else:
            self.below.setdefault(path[0], Sheet({}, {})).plant(path[1:], name)


class Places(dict[str, Raw]):
    """The way to what the file says on an input fact: the value, None or ABSENT."""

    def __init__(self, vocabulary: Vocabulary, *, in_part: bool) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._subjects = f"{vocabulary.subjects}[]."
        self._in_part = in_part
        self.entries: dict[
            str, dict[str, tuple[Fact, list[str]]]
        ] = {}  # each list's facts, and their paths in an entry
        for name, fact in vocabulary.facts.items():
            if fact.type == "list":
                self.entries.setdefault(name, {})
            elif "[]." in name:
                within, local = name.split("[].", 1)
                self.entries.setdefault(within, {})[name] = fact, local.split(".")

    def __missing__(self, name: str) -> Raw:
        way = self[name] = _found(name.removeprefix(self._subjects).split("."), self._places(name))
        return way

    def sheets(self) -> tuple[dict[str, Any], dict[str, Sheet]]:
        """Give what absence makes of each plain fact, and where they stand, the place that wins last.

        Plain are facts that only null makes unknown and on which nothing is assumed.
        """
        absent: dict[str, Any] = {}
        sheets = {place: Sheet({}, {}) for place in ("top", "subject", "part")}
        for name, fact in self._vocabulary.facts.items():
            local = name.removeprefix(self._subjects)
            if "[]" in local or fact.type in ("object", "any") or fact.unknown_word or fact.assume is not UNKNOWN:
                continue
            absent[name] = fact.absent
            for place in self._places(name):
                sheets[place].plant(local.split("."), name)
        return absent, sheets

    def _places(self, name: str) -> list[str]:
        """Give where the fact may stand, the place that wins first."""
        vocabulary = self._vocabulary
        if name.startswith(self._subjects):
            return ["subject"]
        places = ["subject", "top"] if vocabulary.facts[name].per_model else ["top"]
        if not self._in_part:
            return places
        if name.split(".", 1)[0] in (vocabulary.parts, *vocabulary.parts_forget):
            return []
        return ["part", *places] if f"{vocabulary.parts}[].{name}" in vocabulary.facts else places


def _found(path: Sequence[str], places: Sequence[str]) -> Raw:
    def way(situation: Situation) -> Any:
        for place in places:
            found = walk(getattr(situation, place), path)
            if found is not ABSENT:
                return found
        return ABSENT

    return way


def walk(place: Any, path: Iterable[str]) -> Any:
    """Give what stands at `path` below `place`; None below null, ABSENT where a step is not there."""
    here = place
    for step in path:
        if here is None:
            return None
        if step not in here:
            return ABSENT
        here = here[step]
    return here
