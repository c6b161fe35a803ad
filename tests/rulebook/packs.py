"""The shipped packs as plain values to edit, and as the texts that people import."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any
from unittest.mock import patch

from roadworthy.law import Packs, load_calendar
from roadworthy.law.edition import shipped_texts
from roadworthy.law.load import assemble
from roadworthy.law.reader import read_yaml

RAW: dict[str, Any] = {
    name.removeprefix("packs/"): read_yaml(text.decode(), name)
    for name, text in shipped_texts().items()
    if name.startswith("packs/")
}


def edited(change: Callable[[dict[str, Any]], Any]) -> Packs:
    """The shipped packs with a change; their examples, which the change may contradict, are not run."""
    raw = deepcopy(RAW)
    change(raw)
    with patch("roadworthy.law.load.check_examples"):
        return assemble(raw, load_calendar())
