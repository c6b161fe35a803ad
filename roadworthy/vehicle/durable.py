"""Files that survive a power cut: written beside, flushed, then renamed into place."""

import os
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data` so that any crash leaves the old bytes or the new ones."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(data)
    flush(beside)
    os.replace(beside, path)  # noqa: PTH105 - the crash tests count this call by its name
    flush(path.parent)


def flush(path: Path) -> None:
    """Force a file's bytes, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
