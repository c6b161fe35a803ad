"""How far a campaign is: bars of its waves, lines of its vehicles, what happened."""

from collections.abc import Mapping, Sequence
from typing import Any

from roadworthy.campaigns import store
from roadworthy.campaigns.model import Campaign, Wave
from roadworthy.campaigns.web.evidence import names_of
from roadworthy.campaigns.web.page import Happening, VehicleFilter, VehicleRow, Vehicles, WaveBar
from roadworthy.campaigns.web.words import FINISHED, HAPPENINGS
from roadworthy.database import View
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import FilingKind
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import EcuUnit
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Malformed
from roadworthy.products import store as products_store

_SHOWN_AS = {"retrieved": "offered"}
_OVER = ("attested", "failed", "cancelled")
_LATEST = 12


def bars(
    waves: Sequence[Wave],
    counted: Mapping[int, Mapping[str, int]],
    status: str,
    unmet: Sequence[str],
) -> tuple[WaveBar, ...]:
    """Give the bars; `unmet` are the gates that stop what has not begun, `status` the campaign's."""
    return tuple(_bar(wave, counted.get(wave.number, {}), status, unmet) for wave in waves)


def name_of(wave: Wave) -> Text | str:
    """Give the name of a wave; one that was only numbered is called so."""
    return wave.name if wave.name != str(wave.number) else Text(f"第 {wave.number} 批", f"Wave {wave.number}")


def _bar(wave: Wave, by_status: Mapping[str, int], status: str, unmet: Sequence[str]) -> WaveBar:
    counts: dict[str, int] = {}
    for key, number in by_status.items():
        word = _SHOWN_AS.get(key, key)
        counts[word] = counts.get(word, 0) + number
    if status in {"paused", "held"} and wave.status == "open":
        counts["held"] = max(wave.vehicles - sum(counts.values()), 0)  # they will be offered nothing until it resumes
    word = _word(wave, counts, status)
    stops = status not in FINISHED and (wave.status == "planned" or (status == "held" and word != "done"))
    return WaveBar(wave.number, name_of(wave), word, wave.vehicles, counts, tuple(unmet) if stops else ())


def _word(wave: Wave, counts: Mapping[str, int], status: str) -> str:
    if wave.status != "open":
        return wave.status
    if sum(counts.get(key, 0) for key in _OVER) >= wave.vehicles:
        return "done"
    return "open" if status == "running" else status


def vehicles(view: View, campaign: Campaign, version: str, asked: VehicleFilter) -> Vehicles:
    """Give one page of the vehicles that have called, each with the number of the activity filing it came under.

    Raises Malformed for a page that does not begin after a line.
    """
    lines = store.vehicle_lines(
        view, campaign.id, after=_line(asked.after), limit=asked.limit + 1, status=asked.status, number=asked.wave,
        vin=asked.vin,
    )  # fmt: skip
    shown = lines[: asked.limit]
    ids = [line.vehicle_id for line in shown]
    cars, units = fleet_store.vehicles_by_id(view, ids), fleet_store.units_of_many(view, ids)
    filed = _filed(view, {line.decision_id for line in shown})
    codes = {found.id: code for code, found in products_store.all_vehicle_types(view).items()}
    rows = tuple(
        VehicleRow(
            id=str(line.number),
            vin=line.vin,
            model=codes[cars[line.vehicle_id].vehicle_type_id],
            province=cars[line.vehicle_id].province,
            from_version=_version_before(units.get(line.vehicle_id, []), line),
            to_version=version,
            wave=line.wave,
            status=_SHOWN_AS.get(line.status, line.status),
            last_contact=line.changed_at,
            filing=filed.get(line.decision_id, ""),
            error=line.detail if line.status == "failed" else "",
        )
        for line in shown
    )
    following = str(shown[-1].number) if len(lines) > asked.limit else ""
    total = store.count_lines(view, campaign.id, status=asked.status, number=asked.wave, vin=asked.vin)
    return Vehicles(rows, total, following, asked)


def _line(after: str) -> int:
    if after and not (after.isascii() and after.isdecimal() and len(after) <= 10):
        raise Malformed(f"after={after[:40]!r} is no line of this table; begin at the first page.", at="after")
    return int(after or 0)


def _filed(view: View, decision_ids: set[str]) -> dict[str, str]:
    """Give the number of the activity filing (MIIT, EIDC22-2) that each gate decision rests on."""
    resting = store.filing_ids_of(view, decision_ids)
    known = {one: filings_store.load_filing(view, one) for one in {f for ids in resting.values() for f in ids}}
    numbers: dict[str, str] = {
        f.id: f.receipt_number or "" for f in known.values() if f.kind is FilingKind.MIIT_ACTIVITY
    }
    return {decision: next((numbers[one] for one in ids if one in numbers), "") for decision, ids in resting.items()}


def _version_before(units: Sequence[EcuUnit], line: Any) -> str:
    """Give the version that the ECU attests while it is not the new one; its path is name/version/file."""
    for unit in units:
        if unit.serial == line.ecu_serial and unit.attested.path and unit.attested.sha256 != line.sha256:
            parts = unit.attested.path.split("/")
            return parts[1] if len(parts) == 3 else ""
    return ""


def happened(view: View, campaign_id: str) -> tuple[Happening, ...]:
    """Give the newest events about a campaign, newest first, with the names of those who acted."""
    told = [e for e in products_store.history(view, campaign_id) if e["kind"] in HAPPENINGS][-_LATEST:]
    names = names_of(view, [e["actor"] for e in told])
    return tuple(Happening(e["at"], names.get(e["actor"], ""), e["kind"], _detail(e["data"])) for e in reversed(told))


def _detail(data: Mapping[str, Any]) -> str:
    if findings := data.get("findings"):
        return ", ".join(str(one).partition(":")[0] for one in findings)
    return str(data.get("wave", ""))
