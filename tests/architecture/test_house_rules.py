"""House rules that no linter knows."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.architecture.source import PACKAGE, name_of, python_files, rooms, tree

SHELVES = {"__init__", "model", "states", "rules", "store", "actions", "web"}
# A room's file beside the six shelves, with the reason why it is none of them.
BESIDE_THE_SHELVES = {
    "roadworthy/products/sheets": "reads and writes Excel: bytes in, rows out, for every room's import",
}

WALL_CLOCK = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.localtime",
    "time.gmtime", "uuid4", "uuid.uuid4", "uuid1", "uuid.uuid1",
}  # fmt: skip
THE_ONE_CLOCK = PACKAGE / "kernel" / "time.py"


def imports(path: Path) -> set[str]:
    """The modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_the_kernel_uses_the_standard_library_alone() -> None:
    for path in python_files("roadworthy"):
        if PACKAGE / "kernel" in path.parents:
            strangers = {
                name
                for name in imports(path)
                if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("roadworthy.kernel")
            }
            assert not strangers, f"{name_of(path)}: {strangers}"


def test_the_product_needs_no_tool_of_the_developers() -> None:
    """What the package imports is in the lock that `make demo` installs, or is PostgreSQL's optional driver."""
    lock = (PACKAGE.parent / "constraints-run.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)) | {"psycopg", "roadworthy"}
    made_by = packages_distributions()
    for path in python_files("roadworthy"):
        for name in {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names:
            sources = {re.sub(r"[-_.]+", "-", made.lower()) for made in made_by.get(name, [name])}
            assert sources & locked, f"{name_of(path)} imports {name}, which is not locked for users"


def test_a_vehicle_knows_the_kernel_and_itself_alone_of_the_product() -> None:
    for path in python_files("roadworthy"):
        if PACKAGE / "vehicle" in path.parents:
            ours = {name for name in imports(path) if name.split(".")[0] == "roadworthy"}
            strangers = {n for n in ours if not n.startswith(("roadworthy.kernel", "roadworthy.vehicle"))}
            assert not strangers, f"{name_of(path)}: {strangers}"


def test_the_wall_clock_is_read_in_one_place() -> None:
    for path in python_files("roadworthy"):
        if path == THE_ONE_CLOCK:
            continue
        calls = {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}
        read = {call for call in calls if call in WALL_CLOCK or ".".join(call.split(".")[-2:]) in WALL_CLOCK}
        assert not read, f"{name_of(path)}: {read}; use work.now, or kernel.time at the roof"


def test_nothing_happens_at_import() -> None:
    """Importing a module opens no file and no connection and prints nothing."""
    loud = {"print", "open", "create_engine", "basicConfig"}
    for path in python_files("roadworthy"):
        for node in tree(path).body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                assert ast.unparse(node.value.func).split(".")[-1] not in loud, f"{name_of(path)}:{node.lineno}"


def test_rooms_have_the_six_shelves_and_nothing_else() -> None:
    for room in rooms():
        for path in sorted((PACKAGE / room).iterdir()):
            is_code = path.suffix == ".py" or (path / "__init__.py").exists()
            if is_code and path.stem not in SHELVES:
                assert name_of(path) in BESIDE_THE_SHELVES, f"{name_of(path)}: put it on a shelf"


def test_no_file_beside_the_shelves_is_listed_that_is_not_there() -> None:
    for name in BESIDE_THE_SHELVES:
        path = PACKAGE.parent / name
        assert path.exists() or path.parent.name not in rooms(), name


def test_life_cycles_stand_in_states_and_tables_in_stores() -> None:
    shelf_of = {
        ("roadworthy.kernel.lifecycle", "Lifecycle"): "states",
        ("roadworthy.database", "record_table"): "store",
        ("roadworthy.database", "cache"): "store",
        ("sqlalchemy", "Table"): "store",
    }
    for path in python_files("roadworthy"):
        here = path.relative_to(PACKAGE).with_suffix("").parts
        if here[0] in {"kernel", "database"}:
            continue
        imported = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
        wanted = {a.name: shelf for n in imported for a in n.names if (shelf := shelf_of.get((n.module or "", a.name)))}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and (shelf := wanted.get(ast.unparse(node.func))):
                assert shelf in here, f"{name_of(path)}:{node.lineno}: {ast.unparse(node.func)} belongs in {shelf}.py"


def test_there_is_no_utils() -> None:
    vague = {"utils", "util", "helpers", "common", "misc"}
    assert not [name_of(p) for p in python_files("roadworthy", "tests", "tools", "bench") if p.stem in vague]


def test_unfinished_work_is_not_committed() -> None:
    words = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"]))
    for path in python_files("roadworthy", "tests", "tools", "bench"):
        found = [n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if words.search(line)]
        assert not found, f"{name_of(path)}: lines {found}"


def test_every_exception_from_the_rules_names_its_code_and_reason() -> None:
    """`noqa: CODE - reason`, `type: ignore[code]  # reason`: a bare one hides everything on its line."""
    bare = re.compile(r"#\s*noqa(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* *(-|$))|#\s*type: ignore(?!\[[a-z-]+)")
    for path in python_files("roadworthy", "tests", "tools", "bench"):
        found = [n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if bare.search(line)]
        if path != Path(__file__):
            assert not found, f"{name_of(path)}: lines {found}"
