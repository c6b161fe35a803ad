"""The vehicle stands apart: what it may import is a short list."""

import ast
import sys
from pathlib import Path

import pytest

import roadworthy.vehicle

ALLOWED = ("roadworthy.vehicle", "roadworthy.kernel", "tuf", "cryptography", "urllib3")
PRIVATE_TUF = ("tuf.ngclient._internal", "tuf.api._payload")
FILES = sorted(Path(roadworthy.vehicle.__file__).parent.rglob("*.py"))


def imported(tree: ast.AST) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def within(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_vehicle_imports_only_the_kernel_and_third_parties_it_needs(file):
    for name in imported(ast.parse(file.read_text("utf-8"))):
        standard = name.partition(".")[0] in sys.stdlib_module_names
        assert standard or within(name, ALLOWED), f"{file.name} imports {name}"
        assert not within(name, PRIVATE_TUF), f"{file.name} reaches into {name}"


def test_the_walk_sees_every_form_of_import():
    tree = ast.parse("def f():\n    import roadworthy.fleet as x\n    from roadworthy import settings")
    names = imported(tree)
    assert names == ["roadworthy.fleet", "roadworthy.settings"]
    assert not any(within(name, ALLOWED) for name in names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_vehicle_loads_nothing_by_name_and_reads_no_wall_clock(file):
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Name):
            assert node.id not in {"__import__", "eval", "exec"}
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"import_module", "utcnow", "today"}
    assert not {"datetime.datetime.now", "time.time", "importlib"} & set(imported(ast.parse(file.read_text("utf-8"))))
