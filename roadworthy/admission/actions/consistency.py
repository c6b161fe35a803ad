"""Production consistency: build records come in, are compared, and what differs holds the model (N45-2d)."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from roadworthy.accounts.permissions import require_any
from roadworthy.admission import rules, store
from roadworthy.admission.model import (
    BldId,
    BuildRecord,
    Check,
    ChkId,
    Comparison,
    Finding,
    FndId,
    ModelConsistency,
    RegisteredValue,
    Verdict,
)
from roadworthy.admission.states import FINDING
from roadworthy.admission.store.consistency import check_coverage, consistency_finding, finding_of_row
from roadworthy.database import Actor, Database, View, Work
from roadworthy.fleet import store as fleet
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json, canonical
from roadworthy.kernel.vin import parse_vin
from roadworthy.products import store as products
from roadworthy.products.actions.importing import Cells, Options, Sheet
from roadworthy.products.model import ParameterDefinition, TypId
from roadworthy.products.rules import parse_words, value_from_cell
from roadworthy.products.sheets import CellUnusable, Line, RowError, SheetColumn, reader

ROLES = ("administrator", "homologation_officer")
SHOWN_VALUES = 20  # different built values that a finding names
COLUMNS = (
    SheetColumn("vin", "车辆识别代号", True, Text("17 位", "17 characters")),
    SheetColumn("model_code", "公告型号", False, Text("车辆已登记时可空", "may be empty for a vehicle of the fleet")),
    SheetColumn("parameter", "参数键", True, Text("已定义的参数", "a parameter that is defined")),
    SheetColumn("value", "实测值", True, Text("车辆实际的值", "what the vehicle was built with")),
)


@dataclass(frozen=True)
class BuildRow:
    """A build record in a row of a table; the vehicle type is None while only the fleet can say it."""

    row: int
    vin: str
    type_id: TypId | None
    key: str
    built: Json


def consistency(view: View, type_id: str) -> ModelConsistency:
    """Say how production of a vehicle type stands: the fact `production_consistency_checked`."""
    return rules.model_consistency(
        store.current_values(view, type_id),
        products.all_definitions(view),
        store.coverage_of(view, type_id),
        store.findings_of(view, type_id, ("open", "confirmed")),
    )


def record_builds(
    database: Database, actor: Actor, records: Sequence[BuildRecord], source: str
) -> dict[str, Any]:  # fmt: skip
    """Take in build records from a plant's system, compare them, and open a finding for what differs.

    Give the check's id, its counts, and the findings. All or nothing. Raises NotPermitted, Unusable naming the record.
    """
    if not records:
        raise Unusable("Send at least one build record.", code="records.none", at="records")
    with database.begin(actor, attempt="builds.record") as work:
        require_any(actor, *ROLES)
        reading = _Builds(work, actor, {"source": source})
        rows = []
        for number, one in enumerate(records, 1):
            if one.parameter_key not in reading.definitions:
                raise Unusable(f"Record {number}: {one.parameter_key[:60]!r} is not defined.", at=f"records.{number}")
            rows.append(BuildRow(number, parse_vin(one.vin), one.vehicle_type_id, one.parameter_key, one.built))
        good, errors = reading.judge(rows)
        if errors:
            raise Unusable(f"Record {errors[0].row}: {errors[0].problem}; {errors[0].remedy}.", at=errors[0].column)
        reading.write(work, good)
        return reading.finish(work)


def settle_finding(database: Database, actor: Actor, finding_id: FndId, verb: str, remark: str) -> Finding:
    """Explain, confirm or correct a finding as another person than who opened it (a database constraint).

    `explain`: the difference is none of the vehicles. `confirm`: it is, and goes on to hold the model. `correct`: later
    records of all its vehicles equal the registry. Raises NotPermitted, NotFound, WrongState, Unusable, Refused for a
    correction that no later records show.
    """
    told = parse_words(remark, "remark", 2_000)
    with database.begin(actor, attempt=f"finding.{verb[:20]}", subject=finding_id) as work:
        known = store.load_finding(work, finding_id)
        step, row = work.move(
            consistency_finding, {"id": finding_id}, FINDING, verb, {"closed_by": actor.id, "remark": told}
        )
        if verb == "correct" and (left := store.not_corrected(work, known)):
            raise Refused(
                f"{left} vehicles of this finding have no later build record equal to the registry; import one first.",
                code="finding.not_corrected",
            )
        facts = {"parameter": known.parameter_key, "vehicle_type": known.vehicle_type_id}
        work.record(f"finding.{step.target}", finding_id, facts, move=step)
        return finding_of_row(row)


class _Builds:
    """Build records of one check: compared when they come, and added up per vehicle type and parameter."""

    def __init__(self, view: View, actor: Actor, options: Options) -> None:
        self.view, self.actor = view, actor
        self.source = parse_words(options["source"], "source") if options.get("source") else ""
        self.file_sha256 = options.get("upload", "")
        self.check_id = ChkId.new(view.now)
        self.definitions: dict[str, ParameterDefinition] = products.all_definitions(view)
        self.types = {code: found.id for code, found in products.all_vehicle_types(view).items()}
        self.registered: dict[str, dict[str, RegisteredValue]] = store.all_values(view, self.types.values())
        self.counts: dict[tuple[TypId, str], dict[Verdict, int]] = {}
        self.shown: dict[tuple[TypId, str], dict[bytes, Json]] = {}

    def read(self, line: Line) -> tuple[BuildRow | None, list[RowError]]:
        errors: list[RowError] = []
        read, cells = reader(line.row, errors), line.cells
        vin = read(lambda: _vin(cells["vin"]))
        code = cells.get("model_code", "")
        type_id = read(lambda: self._type(code)) if code else None
        built = read(lambda: self._built(cells["parameter"], cells["value"]))
        if errors:
            return None, errors
        return BuildRow(line.row, vin, type_id, cells["parameter"], built), []

    def _type(self, code: str) -> TypId:
        if code not in self.types:
            raise CellUnusable("model_code", f"{code[:40]!r} is no known vehicle type", "add the vehicle type first")
        return self.types[code]

    def _built(self, key: str, cell: str) -> Json:
        if key not in self.definitions:
            raise CellUnusable("parameter", f"{key[:60]!r} is not defined", "define it first, or correct the key")
        try:
            built: Json = value_from_cell(self.definitions[key], cell)
        except Unusable as error:
            raise CellUnusable("value", error.message, f"write a {self.definitions[key].type}") from error
        return built

    def names(self, row: BuildRow) -> list[tuple[str, str]]:
        return [("parameter", f"{row.vin}/{row.key}")]

    def judge(self, rows: Sequence[BuildRow]) -> tuple[list[BuildRow], list[RowError]]:
        known = fleet.vehicles_by_vin(self.view, sorted({one.vin for one in rows}))
        good, errors = [], []
        for one in rows:
            vehicle = known.get(one.vin)
            of_type = one.type_id if vehicle is None else vehicle.vehicle_type_id
            if of_type is None:
                errors.append(RowError(one.row, "model_code", "the vehicle is not in the fleet", "write its model"))
            elif one.type_id not in (None, of_type):
                errors.append(
                    RowError(one.row, "model_code", "the fleet has the vehicle as another model", "correct it")
                )
            elif of_type not in self.registered:
                errors.append(RowError(one.row, "model_code", "no known vehicle type", "add the vehicle type first"))
            else:
                good.append(BuildRow(one.row, one.vin, of_type, one.key, one.built))
        return good, errors

    def write(self, work: Work, rows: Sequence[BuildRow]) -> None:
        made: list[tuple[str, Comparison, str]] = []
        for one in rows:
            type_id = TypId(str(one.type_id))
            value = self.registered[type_id].get(one.key)
            record = BuildRecord(one.vin, type_id, one.key, one.built)
            found = rules.compare_build(record, self.definitions[one.key], None if value is None else value.value)
            self._count(found)
            made.append((BldId.new(work.now), found, secrets.token_hex(16)))
        store.put_records(work, self.check_id, made)
        work.record("builds.recorded", self.check_id, {"count": len(made)})

    def _count(self, one: Comparison) -> None:
        key = (one.record.vehicle_type_id, one.record.parameter_key)
        counts = self.counts.setdefault(key, dict.fromkeys(Verdict, 0))
        counts[one.verdict] += 1
        shown = self.shown.setdefault(key, {})
        if one.verdict is Verdict.DIFFERENT and len(shown) < SHOWN_VALUES:
            shown[canonical(one.record.built)] = one.record.built

    def finish(self, work: Work) -> dict[str, Any]:
        if not self.source:
            raise Unusable("Say the source of the build records, such as the plant's system.", at="source")
        totals = {verdict: sum(counts[verdict] for counts in self.counts.values()) for verdict in Verdict}
        made = Check(
            self.check_id, self.source, self.file_sha256, sum(totals.values()), totals[Verdict.DIFFERENT],
            totals[Verdict.UNREGISTERED], self.actor.id, work.now,
        )  # fmt: skip
        store.new_check(work, made)
        work.insert_all(check_coverage, [self._coverage(key, counts, work) for key, counts in self.counts.items()])
        told = {"different": made.different, "unregistered": made.unregistered, "values": made.values}
        types = sorted({type_id for type_id, _ in self.counts})
        work.record("consistency.checked", made.id, {**told, "vehicle_types": types})
        found = [self._open(work, key) for key, counts in self.counts.items() if counts[Verdict.DIFFERENT]]
        return {"check": made.to_json(), "findings": [one.to_json() for one in found]}

    def _coverage(self, key: tuple[TypId, str], counts: dict[Verdict, int], work: Work) -> dict[str, Any]:
        different = counts[Verdict.DIFFERENT]
        return {
            "check_id": self.check_id,
            "vehicle_type_id": key[0],
            "parameter_key": key[1],
            "compared": counts[Verdict.EQUAL] + different,
            "different": different,
            "checked_at": work.now,
        }

    def _open(self, work: Work, key: tuple[TypId, str]) -> Finding:
        type_id, parameter = key
        built = tuple(self.shown[key].values())
        registered = self.registered[type_id][parameter].value
        made = Finding(
            FndId.new(work.now), self.check_id, type_id, parameter, registered, built,
            self.counts[key][Verdict.DIFFERENT], FINDING.initial, self.actor.id, work.now, None, None,
        )  # fmt: skip
        row = {name: value for name, value in made.to_json().items() if name != "holds"}
        work.insert(consistency_finding, {**row, "opened_at": work.now})
        facts = {"check": self.check_id, "parameter": parameter, "vehicle_type": type_id, "vehicles": made.vehicles}
        work.record("finding.opened", made.id, facts)
        return made


def export_builds(view: View, filters: Options) -> Iterator[Cells]:
    """Give no rows: build records are taken in, and read by check and finding."""
    del view, filters
    yield from ()


build_records_table: Sheet[BuildRow] = Sheet(
    "build-records", COLUMNS, ROLES, _Builds, export_builds, options={"source": True}
)


def _vin(cell: str) -> str:
    try:
        return parse_vin(cell)
    except Unusable as error:
        raise CellUnusable("vin", error.message, "correct the VIN") from error
