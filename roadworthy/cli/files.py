"""Files of the user: hashes, and files that only their owner may read."""

import json
import os
from hashlib import file_digest
from pathlib import Path
from typing import Any

from roadworthy.cli.client import USAGE, fail


def sha256_of(file: Path) -> str:
    """Give the SHA-256 (hex) of a file, or leave with a usage error when it is none."""
    if not file.is_file():
        fail(USAGE, f"{file} is no file; check the path.")
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def write_secret(path: Path, content: Any) -> None:
    """Write JSON that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
