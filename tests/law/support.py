"""What the law tests share: the shipped packs, a moment, and facts made from the specimen."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from roadworthy.law import Answer, classify, load_packs

PACKS = load_packs()
NOW = datetime(2026, 6, 15, 4, tzinfo=UTC)


def facts(**changes: Any) -> dict[str, Any]:
    """Give the specimen with top-level changes; `model=` changes its one model."""
    made: dict[str, Any] = deepcopy(dict(PACKS.vocabulary.specimen))
    made["target_models"][0] |= changes.pop("model", {})
    return made | changes


def ask(given: dict[str, Any]) -> Answer:
    """Classify at the fixed moment."""
    return classify(given, PACKS, NOW)


def tokens(model: Any, *keys: str) -> set[str]:
    """Give the gate tokens under the keys of one model row."""
    return {gate["token"] for key in keys for gate in model[key]}
