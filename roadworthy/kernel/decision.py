"""Verdicts and the findings that carry them, each with its clause and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """The three decision words, strictest last: an absent fact never opens a gate."""

    OPEN = "open"
    HOLD = "hold"
    BLOCKED = "blocked"


_STRICTNESS = {Outcome.OPEN: 0, Outcome.HOLD: 1, Outcome.BLOCKED: 2}


@dataclass(frozen=True)
class Text:
    """One sentence in both languages of the product."""

    zh: str
    en: str

    def to_json(self) -> dict[str, str]:
        """Give both languages under their codes."""
        return {"en": self.en, "zh": self.zh}


@dataclass(frozen=True)
class Finding:
    """One reason: what was found (`state`), under which clause, and what would settle it."""

    code: str
    state: Outcome
    text: Text
    citation: str = ""
    fix: Text = field(default_factory=lambda: Text("", ""))

    def to_json(self) -> dict[str, Any]:
        """Give the finding as plain JSON values."""
        return {
            "citation": self.citation,
            "code": self.code,
            "fix": self.fix.to_json(),
            "state": str(self.state),
            "text": self.text.to_json(),
        }


@dataclass(frozen=True)
class Decision:
    """A verdict with all its findings; `open` only when no finding says otherwise."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Decision":
        """Give the strictest outcome of `findings`; no finding at all is a hold, never a yes."""
        found = tuple(findings)
        return cls(strictest(f.state for f in found), found)

    @property
    def is_open(self) -> bool:
        """Whether every required gate is satisfied."""
        return self.outcome is Outcome.OPEN


def strictest(outcomes: Iterable[Outcome]) -> Outcome:
    """Give the strictest of `outcomes`; an empty set of checks is a hold (nothing passes by silence)."""
    return max(outcomes, key=_STRICTNESS.__getitem__, default=Outcome.HOLD)
