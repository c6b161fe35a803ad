"""Status words as the console shows them: glyph, word and colour together, never colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass


def N_(word: str) -> str:  # noqa: N802 - gettext's own name for "collect this id, translate it when shown"
    """Mark a message id for the catalogues."""
    return word


@dataclass(frozen=True)
class Word:
    """A status: `glyph`, the message id of its word, and `tone` ok | warn | bad | info | idle."""

    glyph: str
    label: str
    tone: str


DECISIONS: Mapping[str, Word] = {
    "open": Word("✓", N_("Open"), "ok"),
    "hold": Word("‖", N_("On hold"), "warn"),
    "blocked": Word("✕", N_("Blocked"), "bad"),
}


def word(known: Mapping[str, Word], key: str) -> Word:
    """Give the word for `key`; a key nobody named is shown as it is, so that a new state is never hidden."""
    return known.get(key) or Word("·", key, "idle")
