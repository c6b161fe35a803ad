"""Small files that are there whole or not at all, also after a power cut."""

import os
import tempfile
from pathlib import Path

from roadworthy.kernel.errors import Refused


def create_file(path: Path, content: bytes, *, mode: int) -> None:
    """Create `path` with `content`; at no moment is it partly written or more readable than `mode`.

    Raises Refused when it exists already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, content, mode)
    try:
        os.link(draft, path)  # unlike a rename, a link never replaces what is there
    except FileExistsError as error:
        raise Refused(f"{path} exists and is not overwritten; move it away first.", code="file.exists") from error
    finally:
        draft.unlink()
    sync_folder(path.parent)


def replace_file(path: Path, content: bytes, *, mode: int) -> None:
    """Put `content` at `path` in one step, replacing what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, content, mode)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _draft(path: Path, content: bytes, mode: int) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600 from the start
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft
