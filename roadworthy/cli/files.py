"""Files of the user: JSON, and files that only their owner may read."""

import json
import os
from pathlib import Path
from typing import Any

from roadworthy.cli.client import USAGE, fail


def read_json(file: Path) -> Any:
    """Give the JSON in a file; fractions as the text that stands there, so that no digit changes.

    Leaves with a usage error when it is no file or no JSON.
    """
    try:
        return json.loads(file.read_text("utf-8"), parse_float=str)
    except (OSError, ValueError) as error:
        fail(USAGE, f"{file} holds no JSON ({error}); correct it.")


def write_secret(path: Path, content: Any) -> None:
    """Write JSON that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
