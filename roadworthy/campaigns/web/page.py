"""The campaign page and the list of campaigns: what they show, as plain values, and how they are drawn.

Routes load, fill a `CampaignPage` and call `render`; nothing here reads a database or decides anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from roadworthy.campaigns.web import words
from roadworthy.i18n import percent
from roadworthy.kernel.decision import Outcome, Text
from roadworthy.kernel.errors import Malformed
from roadworthy.webui import menu, pages
from roadworthy.webui.http import page_limit
from roadworthy.webui.verbs import Verb
from roadworthy.webui.words import DECISIONS, GRADES

LIVE, VEHICLES, ROWS = "campaign-live", "vehicles", "campaigns"
POLL_SECONDS = 10

pages.add_templates("campaigns", Path(__file__).parent / "templates")
menu.register("campaigns", "/campaigns")


@dataclass(frozen=True)
class Link:
    """Something with an own page or document; without `href` it is only named."""

    label: str
    href: str = ""


@dataclass(frozen=True)
class Evidence:
    """What a gate rests on: a filing by its number, a paper, a person. `state` is a word of `words.EVIDENCE`."""

    label: Text | str
    state: str = ""
    day: str = ""
    href: str = ""


@dataclass(frozen=True)
class GateRow:
    """One gate: its token (`PARAM`), what it asks, why it stands where it stands, and what would open it.

    `grade` (P, S, M, I, C) and `authentic` say how well the text of the law behind it is known. `models` are the
    model codes it stands so for, empty when it is the same for all.
    """

    token: str
    state: Outcome
    title: Text
    reason: Text = field(default_factory=lambda: Text("", ""))
    citation: str = ""
    fix: Text = field(default_factory=lambda: Text("", ""))
    evidence: tuple[Evidence, ...] = ()
    grade: str = ""
    authentic: bool = True
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class WaveBar:
    """One wave: `counts` are vehicles by the words of `words.VEHICLE`; who is in none of them counts as planned.

    `blocked_by` names the gate tokens that stop this wave.
    """

    number: int
    name: Text | str
    status: str
    vehicles: int
    counts: Mapping[str, int] = field(default_factory=dict)
    blocked_by: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, int]:
        """Give the counts above zero in the order of the bar; together they are all vehicles of the wave."""
        rest = self.vehicles - sum(n for key, n in self.counts.items() if key != "planned")
        known = {**self.counts, "planned": max(rest, 0)}
        order = [*words.VEHICLE, *(key for key in known if key not in words.VEHICLE)]
        return {key: known[key] for key in order if known.get(key, 0) > 0}


@dataclass(frozen=True)
class Kpi:
    """One number that matters, with a smaller remark."""

    label: Text
    value: int
    note: str = ""


@dataclass(frozen=True)
class VehicleRow:
    """One vehicle of the campaign as one line of the table; `status` is a word of `words.VEHICLE`."""

    id: str
    vin: str
    model: str
    province: str
    from_version: str
    to_version: str
    wave: int
    status: str
    last_contact: datetime | None = None
    filing: str = ""
    error: str = ""
    href: str = ""


@dataclass(frozen=True)
class VehicleFilter:
    """What the reader asked for: part of a VIN, a status word, a wave, and the id the page begins after."""

    vin: str = ""
    status: str = ""
    wave: int | None = None
    after: str = ""
    limit: int = 20

    def query(self, **change: str) -> str:
        """Give the query string of this filter, with changes, leaving out what is not asked for."""
        wave = "" if self.wave is None else str(self.wave)
        limit = "" if self.limit == VehicleFilter.limit else str(self.limit)
        asked = {"vin": self.vin, "status": self.status, "wave": wave, "limit": limit, **change}
        return urlencode({name: value for name, value in asked.items() if value})


@dataclass(frozen=True)
class Vehicles:
    """One keyset page of the vehicles that `filter` matches; `total` counts all it matches."""

    rows: tuple[VehicleRow, ...] = ()
    total: int = 0
    next_after: str = ""
    filter: VehicleFilter = field(default_factory=VehicleFilter)


@dataclass(frozen=True)
class Happening:
    """One line of what happened: `what` is a kind of event; `detail` says more, such as the gates that refused."""

    at: datetime
    who: str
    what: str
    detail: str = ""


@dataclass(frozen=True)
class Shipped:
    """What the campaign ships, and to how many: the facts beside the gate. `length` is in bytes."""

    release: Link
    package_path: str = ""
    package_sha256: str = ""
    length: int = 0
    models: tuple[str, ...] = ()
    author: str = ""
    approver: str = ""


@dataclass(frozen=True)
class CampaignPage:
    """Everything the campaign page shows. `decision` is the gate's word for what would start next.

    `decided_at` is set when the gate is shown as it was decided then, not as of now: of a campaign that is over.
    """

    id: str
    title: Text | str
    status: str
    shipped: Shipped
    labels: tuple[str, ...]
    tier: str
    decision: Outcome
    headline: Text
    decided_at: datetime | None = None
    gate: tuple[GateRow, ...] = ()
    waves: tuple[WaveBar, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    vehicles: Vehicles = field(default_factory=Vehicles)
    verbs: tuple[Verb, ...] = ()
    lease_until: datetime | None = None
    log_size: int = 0
    happened: tuple[Happening, ...] = ()


@dataclass(frozen=True)
class CampaignRow:
    """One campaign as one line of the list; `attested` of its `vehicles` have proved the new software."""

    id: str
    title: Text | str
    status: str
    release: str
    vehicles: int
    attested: int = 0
    created_at: datetime | None = None


def vehicle_filter(request: Request) -> VehicleFilter:
    """Read the filter of the vehicles table from the address.

    Raises Malformed when `wave` or `limit` is no number, or `limit` is outside 1..500.
    """
    asked = request.query_params
    wave, limit = _whole(asked.get("wave", ""), "wave"), _whole(asked.get("limit", ""), "limit")
    return VehicleFilter(
        vin=asked.get("vin", "").strip().upper()[:17],
        status=asked.get("status", ""),
        wave=wave,
        after=asked.get("after", ""),
        limit=page_limit(limit) if limit is not None else VehicleFilter.limit,
    )


def part_wanted(request: Request) -> str:
    """Say which region will be drawn, so that a route loads no more: `campaign-live`, `vehicles`, or "" for all."""
    return pages.part_wanted(request, LIVE, VEHICLES)


def usual_kpis(waves: Sequence[WaveBar], gate: Sequence[GateRow]) -> tuple[Kpi, ...]:
    """Add up the five numbers of the strip from the bars and the gate, so that they can never disagree."""
    total = sum(wave.vehicles for wave in waves)
    parts = [wave.parts for wave in waves]
    attested = sum(p.get("attested", 0) for p in parts)
    lost = sum(p.get("failed", 0) for p in parts)
    held = sum(p.get("held", 0) for p in parts)
    met = sum(row.state is Outcome.OPEN for row in gate)
    tried = attested + lost + sum(p.get("reported", 0) for p in parts)
    return (
        Kpi(Text("范围内车辆", "Vehicles in scope"), total),
        Kpi(Text("已安装并证实", "Installed, attested"), attested, percent(attested, total)),
        Kpi(Text("失败", "Failed"), lost, percent(lost, tried)),
        Kpi(Text("暂停", "Held"), held, percent(held, total)),
        Kpi(Text("已满足门禁项", "Gate items met"), met, f"/ {len(gate)}"),
    )


def render(page: CampaignPage, request: Request) -> Response:
    """Answer with the whole page, or with the region htmx asked for (304 when the live region is unchanged)."""
    wanted = part_wanted(request)
    if wanted == VEHICLES:
        return pages.respond(request, pages.draw(request, "campaigns/vehicles.html", _context(page)))
    inner = pages.draw(request, "campaigns/live.html", _context(page))
    etag = pages.etag_of(inner)
    context = _context(page) | {"live": Markup(inner), "etag": etag}  # noqa: S704 - drawn by our own template
    if wanted == LIVE:
        return pages.respond(request, pages.draw(request, "campaigns/region.html", context), etag=etag)
    return pages.respond(request, pages.draw(request, "campaigns/page.html", context))


def render_list(rows: Sequence[CampaignRow], request: Request, *, next_after: str = "") -> Response:
    """Answer with the list of campaigns: one page of what the address asks for (`q`, `status`, `after`)."""
    asked = {name: request.query_params.get(name, "") for name in ("q", "status")}
    context = {"after": request.query_params.get("after", ""), "asked": asked, "next_query": "", "rows": list(rows)}
    context["query"] = urlencode({k: v for k, v in asked.items() if v})
    if next_after:
        context["next_query"] = urlencode({**{k: v for k, v in asked.items() if v}, "after": next_after})
    context |= {"statuses": words.CAMPAIGN, "choices": words.CAMPAIGN_CHOICES}
    name = "rows.html" if pages.part_wanted(request, ROWS) else "list.html"
    return pages.respond(request, pages.draw(request, f"campaigns/{name}", context))


_STRICTEST_FIRST = (Outcome.BLOCKED, Outcome.HOLD, Outcome.OPEN)


def _context(page: CampaignPage) -> dict[str, Any]:
    gate = sorted(page.gate, key=lambda row: _STRICTEST_FIRST.index(row.state))
    stopped = [wave.number for wave in page.waves if wave.blocked_by]
    speaks = page.status in words.SPEAK_BEFORE_THE_GATE
    return {
        "banner_word": words.CAMPAIGN[page.status] if speaks else DECISIONS[page.decision],
        "counts": {str(state): sum(row.state is state for row in gate) for state in _STRICTEST_FIRST},
        "doubts": sum(not row.authentic for row in gate),
        "evidence_words": words.EVIDENCE,
        "gate": gate,
        "kpis": page.kpis or usual_kpis(page.waves, page.gate),
        "labels": words.LABEL,
        "gate_tag": not speaks,
        "grades": GRADES,
        "happenings": words.HAPPENINGS,
        "p": page,
        "poll": 0 if page.status in words.FINISHED else POLL_SECONDS,
        "statuses": words.CAMPAIGN,
        "stop_before": min(stopped, default=None),
        "table": page.vehicles,
        "vehicle_tones": words.VEHICLE_TONE,
        "vehicle_words": words.VEHICLE,
        "vehicle_choices": words.VEHICLE_CHOICES,
        "wave_words": words.WAVE,
    }


def _whole(text: str, name: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise Malformed(f"{name}={text[:40]!r} is no whole number; choose one from the list.", at=name)
    return int(text)
