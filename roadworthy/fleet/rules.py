"""Pure rules of the fleet: what a row of an import says, and what an ECU's signed manifest proves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from roadworthy.fleet.model import Attested, EcuUnit, Report
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Broken, Malformed, Refused, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.kernel.vin import Vin, parse_vin, vin_warning
from roadworthy.products.model import TypId, VarId
from roadworthy.products.sheets import CellUnusable, RowError, SheetColumn, cell_bool, cell_date, cell_text, reader

SHA256 = re.compile(r"[0-9a-f]{64}")
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MAX_COUNTER = 2**53

VEHICLE_COLUMNS = (
    SheetColumn("vin", "车辆识别代号", True, Text("17 位", "17 characters")),
    SheetColumn("model_code", "公告型号", True, Text("已登记的车型", "a vehicle type that is entered")),
    SheetColumn("variant", "配置", False, Text("该车型的配置代码", "code of a variant of that type")),
    SheetColumn("sold", "已售", False, Text("true 或 false，缺省 true", "true or false, default true")),
    SheetColumn("test_fleet", "试验车", False, Text("true 或 false，缺省 false", "true or false, default false")),
    SheetColumn("province", "省份", False, Text("登记省份", "province of registration")),
    SheetColumn("plant", "工厂", False, Text("生产工厂", "plant of production")),
    SheetColumn("built_on", "生产日期", False, Text("如 2026-03-01", "like 2026-03-01")),
)
ECU_COLUMNS = (
    SheetColumn("vin", "车辆识别代号", True, Text("17 位", "17 characters")),
    SheetColumn("ecu", "控制器", True, Text("该车型的控制器名称", "name of an ECU of its vehicle type")),
    SheetColumn("serial", "序列号", True, Text("控制器序列号", "serial number of the unit")),
    SheetColumn("public_key", "公钥", True, Text("Ed25519 公钥，64 位十六进制", "Ed25519 public key, 64 hex digits")),
)  # fmt: skip


class Unattested(Refused):
    """The ECU's manifest proves nothing: sign it with the ECU's own key, with a counter higher than before."""

    code = "manifest.unproved"


@dataclass(frozen=True)
class VehicleRow:
    """A vehicle as one row of an import describes it."""

    row: int
    vin: Vin
    vehicle_type_id: TypId
    variant_id: VarId | None
    sold: bool
    test_fleet: bool
    province: str
    plant: str
    built_on: str | None


@dataclass(frozen=True)
class EcuRow:
    """An ECU unit as one row of an import describes it; `ecu` is the name within the vehicle's type."""

    row: int
    vin: Vin
    ecu: str
    serial: str
    public_key: str


def read_vehicle(
    row: int, cells: Mapping[str, str], types: Mapping[str, TypId], variants: Mapping[tuple[str, str], VarId]
) -> tuple[VehicleRow | None, list[RowError], list[RowError]]:
    """Read one row: the vehicle or None, the errors, the warnings.

    `types` by model code, `variants` by (type id, variant code).
    """
    errors: list[RowError] = []
    read = reader(row, errors)
    vin = read(lambda: _vin(cells["vin"]))
    type_id = read(lambda: _type(cells["model_code"], types))
    variant_id = read(lambda: _variant(cells.get("variant", ""), type_id, variants)) if type_id else None
    values = {
        "sold": read(lambda: cell_bool("sold", cells.get("sold", ""), default=True)),
        "test_fleet": read(lambda: cell_bool("test_fleet", cells.get("test_fleet", ""), default=False)),
        "province": read(lambda: cell_text("province", cells.get("province", ""), 40)),
        "plant": read(lambda: cell_text("plant", cells.get("plant", ""), 80)),
        "built_on": read(lambda: cell_date("built_on", cells.get("built_on", ""))),
    }
    if errors:
        return None, errors, []
    warning = vin_warning(vin)
    warnings = [RowError(row, "vin", warning, "correct it if the papers differ")] if warning else []
    return VehicleRow(row, vin, type_id, variant_id, **values), [], warnings


def read_ecu(row: int, cells: Mapping[str, str]) -> tuple[EcuRow | None, list[RowError]]:
    """Read one row of an import of ECU units: the unit or None, and the errors."""
    errors: list[RowError] = []
    read = reader(row, errors)
    vin = read(lambda: _vin(cells["vin"]))
    ecu = read(lambda: cell_text("ecu", cells["ecu"], 64, required=True))
    serial = read(lambda: _form("serial", cells["serial"], SERIAL, "use at most 64 of A-Z a-z 0-9 . _ -"))
    key = read(lambda: _form("public_key", cells["public_key"].lower(), SHA256, "give 64 hex digits"))
    return (None, errors) if errors else (EcuRow(row, vin, ecu, serial, key), [])


def check_report(report: Report) -> Report:
    """Check what a vehicle reports: sizes and the form of the hash.

    Raises Unusable.
    """
    if report.sha256 is not None and not SHA256.fullmatch(report.sha256):
        raise Unusable("sha256 has 64 lower-case hex digits.", code="sha256.form", at="sha256")
    for name, value, longest in (("path", report.path, 400), ("version", report.version, 120)):
        if value is not None and (len(value) > longest or not value.isprintable()):
            raise Unusable(f"{name} has at most {longest} printable characters.", code=f"{name}.form", at=name)
    return report


def check_ecu_manifest(manifest: Mapping[str, Any], unit: EcuUnit) -> Attested:
    """Check an ECU version manifest against the unit it claims to come from; give what it proves.

    1. It has the shape {"signatures": [{"keyid", "method", "sig"}], "signed": {...}}.
    2. Serial and hardware id are those of the unit.
    3. One signature is Ed25519 by the unit's key over the canonical bytes of `signed`.
    Not here: that the counter increased (the caller compares it with the row it locks).
    Raises Malformed for a wrong shape, Unattested.
    """
    signed = manifest.get("signed")
    if not isinstance(signed, Mapping):
        raise Malformed("The manifest has no `signed` object.", at="signed")
    if (signed.get("ecu_serial"), signed.get("hardware_id")) != (unit.serial, unit.hardware_id):
        raise Unattested("Serial or hardware id of the manifest is not that of this unit.", code="manifest.unit")
    if unit.public_key is None or not _signed_by(unit.public_key, signed, manifest.get("signatures")):
        raise Unattested("No signature of the manifest is by this ECU's key.", code="manifest.signature")
    return _attested(signed)


def _attested(signed: Mapping[str, Any]) -> Attested:
    image, counter = signed.get("installed_image"), signed.get("report_counter")
    info = image.get("fileinfo") if isinstance(image, Mapping) else None
    hashes = info.get("hashes") if isinstance(info, Mapping) else None
    if not isinstance(image, Mapping) or not isinstance(info, Mapping) or not isinstance(hashes, Mapping):
        raise Malformed("installed_image needs filepath and fileinfo with length and hashes.", at="installed_image")
    path, length, sha256 = image.get("filepath"), info.get("length"), hashes.get("sha256")
    if not isinstance(counter, int) or isinstance(counter, bool) or not 0 <= counter <= MAX_COUNTER:
        raise Malformed("report_counter is a whole number from 0 to 2^53.", at="report_counter")
    if not isinstance(path, str) or len(path) > 400 or not path.isprintable():
        raise Malformed("filepath is a printable text of at most 400 characters.", at="filepath")
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise Malformed("length is a whole number of bytes.", at="length")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise Malformed("hashes.sha256 has 64 lower-case hex digits.", at="sha256")
    return Attested(path, sha256, length, counter)


def _signed_by(public_key: str, signed: Mapping[str, Any], signatures: Any) -> bool:
    if not isinstance(signatures, list) or len(signatures) > 8:
        raise Malformed("The manifest needs a list of 1 to 8 signatures.", at="signatures")
    try:
        body = canonical(dict(signed))
    except Broken as error:  # floats and other values without one spelling came from outside: the sender's fault
        raise Malformed("The manifest holds a number with a point; write it as text.", at="signed") from error
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    return any(_verifies(key, one, body) for one in signatures)


def _verifies(key: Ed25519PublicKey, signature: Any, body: bytes) -> bool:
    if not isinstance(signature, Mapping) or signature.get("method") != "ed25519":
        return False
    try:
        key.verify(bytes.fromhex(signature["sig"]), body)
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def _vin(cell: str) -> Vin:
    try:
        return parse_vin(cell)
    except Unusable as error:
        raise CellUnusable("vin", error.message, "correct the VIN") from error


def _type(cell: str, types: Mapping[str, TypId]) -> TypId:
    if cell not in types:
        raise CellUnusable("model_code", f"{cell[:40]!r} is no known vehicle type", "add the vehicle type first")
    return types[cell]


def _variant(cell: str, type_id: str, variants: Mapping[tuple[str, str], VarId]) -> VarId | None:
    if not cell:
        return None
    if (type_id, cell) not in variants:
        raise CellUnusable("variant", f"{cell[:40]!r} is no variant of this vehicle type", "add the variant first")
    return variants[type_id, cell]


def _form(column: str, cell: str, form: re.Pattern[str], remedy: str) -> str:
    if not form.fullmatch(cell):
        raise CellUnusable(column, f"{cell[:80]!r} is not usable", remedy)
    return cell
