"""The repository as data: its files, their syntax trees, the package's modules."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, walk_packages
from types import ModuleType

import roadworthy

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "roadworthy"
GENERATED = PACKAGE / "migrations" / "versions"

# The rooms of the house: folders named after a step of the regulated life cycle (docs/adr/0001).
ROOMS = (
    "governance", "signals", "campaigns", "releases", "recalls", "admission", "incidents", "filings", "fleet",
    "products", "rulebook",
)  # fmt: skip


@cache
def files() -> tuple[Path, ...]:
    """Every file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return tuple(path for name in sorted(set(listed.split("\0")) - {""}) if (path := ROOT / name).is_file())


def python_files(*folders: str) -> Iterator[Path]:
    """The Python files of these top folders that people write."""
    for path in files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders and GENERATED not in path.parents:
            yield path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    """A short name for messages."""
    return str(path.relative_to(ROOT))


def rooms() -> list[str]:
    """The rooms that exist."""
    return [name for name in ROOMS if (PACKAGE / name / "__init__.py").exists()]


def shelves(shelf: str) -> list[ModuleType]:
    """Every module of the package that is, or lies in, a shelf of this name."""
    found = []
    for folder in iter_modules(roadworthy.__path__, "roadworthy."):
        if not folder.ispkg:
            continue
        inside = list(iter_modules(import_module(folder.name).__path__, f"{folder.name}."))
        for module in inside:
            if module.name.endswith(f".{shelf}"):
                found.append(import_module(module.name))
                if module.ispkg:
                    below = walk_packages(found[-1].__path__, f"{module.name}.")
                    found.extend(import_module(part.name) for part in below)
    return found
