"""The console over invented data: five campaigns in different states, so that browser tests need no other room."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

from fastapi import FastAPI, Form, Request
from starlette.responses import RedirectResponse, Response

from roadworthy.campaigns.web.page import (
    CampaignPage,
    CampaignRow,
    Evidence,
    GateRow,
    Happening,
    Link,
    Shipped,
    VehicleRow,
    Vehicles,
    WaveBar,
    render,
    render_list,
    vehicle_filter,
)
from roadworthy.database import Actor
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import NotFound, Refused, SignInNeeded
from roadworthy.kernel.time import SetTime
from roadworthy.webui import session
from roadworthy.webui.console import install_console
from roadworthy.webui.verbs import Verb

NOW = datetime(2026, 11, 22, 0, 6, tzinfo=UTC)
BLOCKED, RUNNING, HELD, COMPLETED, EMPTY = (f"CMP-01KA{n}DEMQ0000000000000000" for n in range(5))
OPEN, HOLD, NO = Outcome.OPEN, Outcome.HOLD, Outcome.BLOCKED


def _gate(*, all_open: bool = False, hold_only: bool = False) -> tuple[GateRow, ...]:
    rows = []
    for row in json.loads((Path(__file__).parent / "gate.json").read_text("utf-8")):
        state = Outcome(row["state"])
        now = OPEN if all_open or (hold_only and state is NO) else state
        reason = Text(*row["reason"]) if now is state else Text("", "")
        proof = (Evidence(row["evidence"], row["stands"], "2026-11-12"),) if row["evidence"] else ()
        title, fix = Text(*row["title"]), Text(*row["fix"])
        models = ("HY6500C",) if now is NO else ()
        rows.append(
            GateRow(
                row["token"], now, title, reason, row["citation"], fix, proof, row["grade"], row["authentic"], models
            )
        )
    return tuple(rows)


def _wave(number: int, name: Text, status: str, vehicles: int, *, stopped: bool = False, **counts: int) -> WaveBar:
    by = ("SAMR-LEAD",) if status == "held" else ("PARAM", "SAMR") if stopped else ()
    return WaveBar(number, name, status, vehicles, counts, by)


_LAB = _wave(0, Text("实验车队", "Lab fleet"), "done", 40, attested=40)
_STAFF = _wave(1, Text("员工", "Employees"), "done", 500, attested=496, failed=2, cancelled=2)
_PILOT = _wave(
    2,
    Text("试点 10 %", "Pilot 10 %"),
    "open",
    5000,
    attested=4426,
    reported=38,
    downloading=112,
    offered=388,
    failed=24,
    cancelled=12,
)
_WAVES = {
    BLOCKED: (
        _LAB,
        _STAFF,
        _PILOT,
        _wave(3, Text("第 3 批", "Wave 3"), "planned", 15000, stopped=True),
        _wave(4, Text("第 4 批", "Wave 4"), "planned", 27670),
    ),
    RUNNING: (_LAB, _STAFF, _PILOT, _wave(3, Text("第 3 批", "Wave 3"), "planned", 42670)),
    HELD: (_LAB, _wave(1, Text("员工", "Employees"), "held", 500, held=500)),
    COMPLETED: (
        _LAB,
        _wave(1, Text("其余车辆", "All others"), "done", 1960, attested=1951, failed=3, cancelled=6),
    ),
    EMPTY: (),
}
_TITLES = {
    BLOCKED: Text("X7 高速领航 4.2.1", "X7 Highway Assist 4.2.1"),
    RUNNING: Text("X7 座舱语音 3.9.0", "X7 Cabin Voice 3.9.0"),
    HELD: Text("S5 电池管理 2.2.4", "S5 Battery Management 2.2.4"),
    COMPLETED: Text("S5 制动控制召回 1.8.3", "S5 Brake Control Recall 1.8.3"),
    EMPTY: Text("M3 车身控制 0.9.0", "M3 Body Control 0.9.0"),
}
_STATUS = {BLOCKED: "running", RUNNING: "running", HELD: "held", COMPLETED: "completed", EMPTY: "draft"}
_DECISION = {BLOCKED: NO, RUNNING: OPEN, HELD: HOLD, COMPLETED: OPEN, EMPTY: HOLD}
_LABELS = {BLOCKED: ("parameters",), COMPLETED: ("recall",), EMPTY: ()}
_HEADLINES = {
    BLOCKED: Text(
        "第 3 批不能开始：批准文号 2026-C-0418 仅覆盖 HY6500A、HY6500B；HY6500C（12,885 辆）未覆盖。",
        "Wave 3 cannot start: permit 2026-C-0418 covers HY6500A and HY6500B; HY6500C (12,885 vehicles) is not covered.",
    ),
    RUNNING: Text("门禁全部满足，第 2 批正在推送。", "Every gate is met; wave 2 is being delivered."),
    HELD: Text("最早发布日尚不能确定。", "The earliest release day cannot be determined yet."),
    COMPLETED: Text("全部批次已完成。", "All waves are complete."),
    EMPTY: Text("版本尚未分类。", "The release has not been classified."),
}
_PLACES = (("HY6500A", "辽宁"), ("HY6500A", "上海"), ("HY6500B", "广东"), ("HY6500C", "北京"), ("HY6500B", "内蒙古"))
_STATES = ("attested", "installing", "cancelling", "failed", "downloading", "offered", "reported", "cancelled")


_SHIPPED = Shipped(
    Link("X7-highway-assist 4.2.1"),
    "huayao/adcu/x7-highway-assist-4.2.1.img",
    "9f2c4be1d0a87c35e1b64f0c2d9973aa51cc0e7b8f64d2a90b3e5517c6a07d13",
    48_210_432,
    ("HY6500A", "HY6500B", "HY6500C"),
    "Lin Qiao",
    "Zhao Min",
)
_HAPPENED = (
    Happening(NOW - timedelta(minutes=9), "Zhao Min", "action.refused", "PARAM, SAMR"),
    Happening(NOW - timedelta(hours=3), "", "wave.opened", "2"),
    Happening(NOW - timedelta(days=2), "Lin Qiao", "campaign.created"),
)


def _fleet() -> list[VehicleRow]:
    rows = []
    for n in range(120):
        model, place = _PLACES[n % 5]
        state = _STATES[n % 8]
        seen = NOW - timedelta(minutes=7 * n)
        error = "E-2107 checksum" if state == "failed" else ""
        filing = "SAMR-OTA-2026-01873" if state in {"attested", "reported"} else ""
        vin = f"LHYA65CA{n % 10}SB{100000 + 739 * n}"
        rows.append(VehicleRow(f"VEH-{n:04}", vin, model, place, "4.1.2", "4.2.1", n % 5, state, seen, filing, error))
    return rows


def _vehicles(request: Request, campaign: str) -> Vehicles:
    asked = vehicle_filter(request)
    if campaign == EMPTY:
        return Vehicles(filter=asked)
    fleet = [
        row
        for row in _fleet()
        if asked.vin in row.vin and asked.status in {"", row.status} and asked.wave in {None, row.wave}
    ]
    later = [row for row in fleet if row.id > asked.after]
    shown = tuple(later[: asked.limit])
    return Vehicles(shown, len(fleet), shown[-1].id if len(later) > asked.limit else "", asked)


def _verbs(campaign: str) -> tuple[Verb, ...]:
    if campaign in {COMPLETED, EMPTY}:
        return ()
    why = Text(
        "PARAM、SAMR 未满足。补齐后即可放行。", "PARAM and SAMR are not met. Settle them, then release the wave."
    )
    go, easy = Text("放行第 3 批", "Release wave 3"), Text("第 3 批将开始推送。", "Wave 3 starts to be delivered.")
    soft = Text(
        "已开始的车辆会完成升级；不再向其他车辆推送。", "Vehicles that have begun finish; no other vehicle begins."
    )
    hard = Text("任务终止，不能恢复。", "The campaign ends and cannot be resumed.")
    return (
        Verb("advance", go, campaign == RUNNING, why, easy, primary=True),
        Verb("pause", Text("暂停任务", "Pause campaign"), consequence=soft, asks_reason=True),
        Verb("stop", Text("停止任务", "Stop campaign"), consequence=hard, asks_reason=True, typed=True),
    )


def _page(campaign: str, request: Request) -> CampaignPage:
    if campaign not in _TITLES:
        raise NotFound("There is no such campaign; check the id.")
    return CampaignPage(
        id=campaign,
        title=_TITLES[campaign],
        status=request.app.state.status.get(campaign, _STATUS[campaign]),
        shipped=_SHIPPED,
        labels=_LABELS.get(campaign, ("general",)),
        tier="" if campaign == EMPTY else "T2b" if campaign == BLOCKED else "T1",
        decision=_DECISION[campaign],
        headline=_HEADLINES[campaign],
        gate=() if campaign == EMPTY else _gate(all_open=_DECISION[campaign] is OPEN, hold_only=campaign == HELD),
        waves=_WAVES[campaign],
        vehicles=_vehicles(request, campaign),
        verbs=_verbs(campaign),
        lease_until=NOW + timedelta(hours=19, minutes=12) if campaign == RUNNING else None,
        log_size=18_204,
        happened=_HAPPENED,
        decided_at=NOW - timedelta(days=3) if campaign == COMPLETED else None,
    )


def _size(campaign: str) -> int:
    return sum(wave.vehicles for wave in _WAVES[campaign])


def _done(campaign: str) -> int:
    return sum(wave.counts.get("attested", 0) for wave in _WAVES[campaign])


def _list(request: Request) -> Response:
    q, status = request.query_params.get("q", "").lower(), request.query_params.get("status", "")
    rows = [
        CampaignRow(one, title, _STATUS[one], title.en.rsplit(" ", 1)[1], _size(one), _done(one), NOW)
        for one, title in _TITLES.items()
        if status in {"", _STATUS[one]} and (q in title.en.lower() or q in title.zh or q in one.lower())
    ]
    return render_list(rows, request)


def make_app() -> FastAPI:
    """Build the application; `app.state.status` lets a test change a campaign's status while a browser looks."""
    app = FastAPI()
    install_console(app)
    state = app.state
    state.database, state.demo, state.status, state.done = SimpleNamespace(time=SetTime(NOW)), True, {}, []
    sessions: dict[str, str] = {}
    cast = [
        (Text("林乔，发布经理", "Lin Qiao, release manager"), "secret-of-lin"),
        (Text("赵敏，准入专员", "Zhao Min, homologation officer"), "secret-of-zhao"),
    ]

    def sign_in(token: str) -> str:
        if token not in {secret for _, secret in cast}:
            raise SignInNeeded
        sessions["s" + token] = token
        return "s" + token

    def authenticate(request: Request) -> Actor:
        if session.session_of(request) not in sessions:
            raise SignInNeeded
        return Actor("USR-1", frozenset())

    def reader_name(request: Request) -> Text | str:
        token = sessions.get(session.session_of(request))
        return next((label for label, secret in cast if secret == token), "")

    state.sign_in, state.sign_out, state.authenticate = sign_in, lambda s: sessions.pop(s, None), authenticate
    state.demo_people, state.reader_name = lambda: cast, reader_name
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    @app.get("/campaigns")
    def campaigns(request: Request) -> Response:
        return _list(request)

    @app.get("/campaigns/{campaign}")
    def campaign_page(campaign: str, request: Request) -> Response:
        return render(_page(campaign, request), request)

    @app.post("/campaigns/{campaign}/{verb}")
    def act(campaign: str, verb: str, request: Request, reason: Annotated[str, Form()] = "") -> Response:
        if verb == "refuse":
            fix = Text("提交变更申请。", "Apply for the permit.")
            found = Finding("PARAM", NO, Text("变更批准未取得。", "No change permit."), "N45-7b", fix)
            raise Refused("The gate is blocked.", findings=[found])
        app.state.done.append((campaign, verb, reason))
        return RedirectResponse(f"/campaigns/{campaign}", 303)

    @app.get("/mine")
    def mine(request: Request) -> dict[str, str]:
        return {"id": request.app.state.authenticate(request).id}

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("a secret of the stack")
