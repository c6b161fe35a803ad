"""The left menu: a section appears when its room has registered its page, so no entry is a dead link."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Broken

GROUPS = {
    "act": Text("处置", "Act"),
    "ship": Text("发布", "Ship"),
    "prove": Text("举证", "Prove"),
    "watch": Text("监测", "Watch"),
}

# All sections the console can have, in menu order: key -> (group, name).
SECTIONS = {
    "today": ("act", Text("今日", "Today")),
    "duties": ("act", Text("时限", "Duties")),
    "incidents": ("act", Text("事故报告", "Incidents")),
    "recalls": ("act", Text("召回", "Recalls")),
    "releases": ("ship", Text("版本", "Releases")),
    "campaigns": ("ship", Text("升级任务", "Campaigns")),
    "vehicles": ("ship", Text("车辆", "Vehicles")),
    "papers": ("prove", Text("备案与报告", "Papers")),
    "admission": ("prove", Text("产品准入", "Admission")),
    "evidence": ("prove", Text("证据与审计", "Evidence and audit")),
    "obligations": ("prove", Text("义务清单", "Obligations")),
    "law": ("prove", Text("法规", "Law")),
    "signals": ("watch", Text("风险预警", "Early warning")),
    "sandbox": ("watch", Text("沙盒监管", "Sandbox")),
    "settings": ("watch", Text("设置", "Settings")),
}

Count = Callable[[Request], int]


@dataclass(frozen=True)
class Entry:
    """One line of the menu; `count` is the number of things waiting for the person, 0 shows none."""

    key: str
    name: Text
    href: str
    count: int = 0


@dataclass(frozen=True)
class Group:
    """A titled part of the menu."""

    name: Text
    entries: tuple[Entry, ...]


_registered: dict[str, tuple[str, Count | None]] = {}


def register(key: str, href: str, count: Count | None = None) -> None:
    """Show the section `key` (one of `SECTIONS`) with a link to `href`; `count` tells how much waits there.

    Registering a section again replaces it. Raises Broken for a section the console does not have.
    """
    if key not in SECTIONS:
        raise Broken(f"The menu has no section {key!r}; it has: {', '.join(SECTIONS)}.")
    _registered[key] = (href, count)


def groups(request: Request) -> tuple[Group, ...]:
    """Give the menu as this request's person sees it: registered sections only, empty groups left out."""
    shown = []
    for group, name in GROUPS.items():
        entries = tuple(
            _entry(key, request) for key, (where, _) in SECTIONS.items() if where == group and key in _registered
        )
        if entries:
            shown.append(Group(name, entries))
    return tuple(shown)


def _entry(key: str, request: Request) -> Entry:
    href, count = _registered[key]
    return Entry(key, SECTIONS[key][1], href, count(request) if count else 0)
