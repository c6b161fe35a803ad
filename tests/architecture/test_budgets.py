"""Sizes: what grows past them is split, or raises them by a line in an ADR. McCabe is ruff's."""

import ast
from pathlib import Path

from tests.architecture.source import PACKAGE, name_of, python_files, rooms, tree

FILE_LINES = 400
MEDIAN_FILE_LINES = 150
FUNCTION_LINES = 60
MOST_FUNCTION_LINES = 25
README_LINES = 12


def bodies(path: Path) -> list[tuple[str, int]]:
    """Every function of a file with the lines of its body, docstring aside."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            found.append((f"{name_of(path)}::{node.name}", lines))
    return found


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        name_of(path): lines
        for path in python_files("roadworthy", "tests", "tools", "bench")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > FILE_LINES
    }
    assert not long


def test_half_of_the_files_have_at_most_150_lines() -> None:
    lines = sorted(path.read_text(encoding="utf-8").count("\n") for path in python_files("roadworthy"))
    assert lines[len(lines) // 2] <= MEDIAN_FILE_LINES


def test_no_function_is_longer_than_60_lines() -> None:
    found = [body for path in python_files("roadworthy", "tests", "tools", "bench") for body in bodies(path)]
    assert not {name: lines for name, lines in found if lines > FUNCTION_LINES}


def test_nine_functions_of_ten_have_at_most_25_lines() -> None:
    found = [body for path in python_files("roadworthy") for body in bodies(path)]
    longer = {name: lines for name, lines in found if lines > MOST_FUNCTION_LINES}
    assert len(longer) <= 0.1 * len(found), sorted(longer.items(), key=lambda item: -item[1])


def test_every_room_has_a_readme_of_at_most_12_lines() -> None:
    for room in rooms():
        readme = PACKAGE / room / "README.md"
        assert readme.exists(), f"{room}: say clause, nouns, verbs and who may, in {name_of(readme)}"
        assert readme.read_text(encoding="utf-8").rstrip().count("\n") < README_LINES, name_of(readme)


def test_every_folder_says_in_its_docstring_what_it_is_for() -> None:
    for path in python_files("roadworthy"):
        if path.name == "__init__.py":
            assert ast.get_docstring(tree(path)), name_of(path)
