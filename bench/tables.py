"""How long a table of 50,000 rows takes from file to records, and in what memory: `python -m bench tables [--full]`.

Each table is checked first and then brought in, as people do; the peak is of this process, measured in a child of its
own for every table. The read alone is what is left without rules, records and events.
"""

import io
import resource
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from roadworthy.admission.actions import build_records_table, values_table
from roadworthy.database import Actor, Database
from roadworthy.fleet import actions as fleet
from roadworthy.fleet.rules import VEHICLE_COLUMNS
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import SetTime
from roadworthy.kernel.vin import Vin, check_digit
from roadworthy.migrations.tables import load_tables
from roadworthy.products import actions as products
from roadworthy.products.actions import check_table, import_table
from roadworthy.products.model import ParameterDefinition, ParameterType
from roadworthy.products.sheets import read_lines, write_xlsx

OFFICER = Actor("USR-01FF1CER0000000000000000AA", frozenset({"homologation_officer", "administrator"}))
TYPES = 50
OPTIONS = {"ground": "announcement", "reference": "batch 400", "source": "plant"}


def main() -> None:
    sizes = (500, 5_000, 50_000) if "--full" in sys.argv else (500, 5_000)
    print(f"{'table':<14} {'rows':>7} {'file KiB':>9} {'read s':>7} {'check s':>8} {'import s':>9} {'peak MiB':>9}")
    for name in ("vehicles", "values", "build-records"):
        for size in sizes:
            with get_context("spawn").Pool(1) as pool:
                length, *times, peak = pool.apply(measure, (name, size))
            read, check, whole = times
            print(f"{name:<14} {size:>7} {length // 1024:>9} {read:>7.2f} {check:>8.2f} {whole:>9.2f} {peak:>9.0f}")


def measure(name: str, size: int) -> tuple[float, ...]:
    """Give bytes of the file, seconds to read, to check, to import, and the peak in MiB above what stood before."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.db"
        with closing(Database(f"sqlite:///{path}", SetTime(datetime(2026, 3, 2, tzinfo=UTC)))) as database:
            load_tables().create_all(database.engine)
            fill(database, size // TYPES)
            columns = VEHICLE_COLUMNS if name == "vehicles" else sheet_of(name).columns
            content = write_xlsx(columns, ({c.key: row.get(c.key, "") for c in columns} for row in rows(name, size)))
            before = peak_mib()
            read = timed(lambda: sum(1 for _ in read_lines(io.BytesIO(content), columns)))
            if name == "vehicles":
                check, whole = 0.0, timed(lambda: fleet.import_vehicles(database, OFFICER, io.BytesIO(content)))
            else:
                sheet = sheet_of(name)
                check = timed(lambda: check_table(database, OFFICER, sheet, io.BytesIO(content), OPTIONS))
                whole = timed(lambda: import_table(database, OFFICER, sheet, io.BytesIO(content), OPTIONS))
            return len(content), read, check, whole, peak_mib() - before


def fill(database: Database, parameters: int) -> None:
    made = [
        ParameterDefinition(f"p{n}", Text("参数", f"p{n}"), ParameterType.NUMBER, "", None, "0.5")
        for n in range(parameters)
    ]
    products.define_parameters(database, OFFICER, made)
    for n in range(TYPES):
        products.add_vehicle_type(
            database, OFFICER, model_code=f"EX{n}", name=f"EX{n}", automation_level=2, licensed_manufacturer="E"
        )


def rows(name: str, size: int) -> Any:
    for n in range(size):
        model, parameter = f"EX{n % TYPES}", f"p{n // TYPES}"
        if name == "vehicles":
            yield {"vin": vin(n), "model_code": model, "sold": "true", "province": "Jiangsu", "built_on": "2026-01-05"}
        else:
            yield {"vin": vin(n % 5_000), "parameter": parameter, "value": str(n % 7), "model_code": model}


def vin(number: int) -> str:
    draft = f"LEX00000{0}A{number:07d}"
    return draft[:8] + check_digit(Vin(draft)) + draft[9:]


def sheet_of(name: str) -> Any:
    return values_table if name == "values" else build_records_table


def timed(act: Any) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
