"""Write a migration for what the tables say now, against a fresh SQLite brought to the present head.

python -m tools.new_migration NAME             the next revision
python -m tools.new_migration NAME --replace   one first revision in place of all (before a release only)
"""

import argparse
import re
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from alembic import command

from roadworthy.database import Database
from roadworthy.database.migrate import alembic_config, upgrade
from roadworthy.kernel.time import SystemTime
from roadworthy.migrations.tables import load_tables

VERSIONS = Path(__file__).parent.parent / "roadworthy" / "migrations" / "versions"


def write(name: str, *, replace: bool) -> Path:
    """Write the revision `NNNN_name.py` and give its path; when that fails, replaced revisions stay."""
    load_tables()  # an error in a table shows before anything is touched
    old = {path: path.read_bytes() for path in VERSIONS.glob("[0-9]*.py")} if replace else {}
    for path in old:
        path.unlink()
    try:
        return _autogenerate(name, f"{len(list(VERSIONS.glob('[0-9]*.py'))) + 1:04}")
    except BaseException:
        for path, body in old.items():
            path.write_bytes(body)
        raise


def _autogenerate(name: str, number: str) -> Path:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Database(f"sqlite:///{folder}/new.db", SystemTime())) as fresh,
    ):
        upgrade(fresh)
        with fresh.engine.connect() as connection:
            config = alembic_config(connection)
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(config, name.replace("_", " ").capitalize(), autogenerate=True, rev_id=number)
    (path,) = VERSIONS.glob(f"{number}_*.py")
    # Alembic writes the condition of a partial index as a bare string when it is a column; only SQL text compiles.
    path.write_text(re.sub(r"(\w+_where)='(\w+)'", r'\1=sa.text("\2")', path.read_text("utf-8")), "utf-8")
    for fix in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *fix, str(path)], check=True)
    return path


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="what changes, like add_recalls")
    parser.add_argument("--replace", action="store_true", help="replace the whole history")
    options = parser.parse_args()
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,39}", options.name):
        parser.error("NAME is 3 to 40 of a-z, 0-9 and _.")
    sys.stdout.write(f"{write(options.name, replace=options.replace)}\n")


if __name__ == "__main__":
    main()
