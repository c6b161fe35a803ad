"""Decisions a second by rule packs, beside plain Python and zen-engine on the same table: `python -m bench decide`.

Four depths of the evaluator: classes only, the full decision, with its explanation, with what would change it. Beside
them the same rules by heart (`bench._plain`), bare and with a trace of the facts each rule read, and as one decision
table (`bench._zen`), once compiled by zen's loader and once as its documentation begins. All are made to agree on
labels, tier and closed gates before anything is timed. Columns show the growth 1x / 10x / 100x; ratios are of 100x.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import cycle, islice
from typing import Any

from bench import _four, _plain, _zen
from roadworthy.law import classify, load_packs
from roadworthy.law.answer import model_row
from roadworthy.law.judge import judge
from roadworthy.law.packs import Program
from roadworthy.law.view import View
from roadworthy.law.whatif import what_would_change
from tests.law.support import facts

DAY = date(2026, 11, 23)
AS_OF = datetime(2026, 11, 23, 2, tzinfo=UTC)
PACKS = load_packs()
SIZES = (1, 10, 100)
LOAD = """
import time
from roadworthy.law import classify, load_packs
start = time.process_time()
load_packs()
print(time.process_time() - start)
"""
Once = Callable[[Any], object]


def workload() -> list[dict[str, Any]]:
    """Open and blocked upgrades of every class, all facts known."""
    calm = {"safety": False, "environment": False, "energy": False, "anti_theft": False}
    recall = {"defect_removed": "yes", "recall_plan_filed": True, "sellers_told": True}
    back = {"version": "1", "was_filed": True, "parameters_equal_permitted": True, "reverts_recall_remedy": False}
    permitted = {"ads_permission_granted": True, "ads_odd_inside_permit": True}
    return [
        facts(),
        facts(performance_change={**calm, "safety": True}),
        facts(main_parameters_changed=True, change_permit_granted=False),
        facts(main_parameters_changed=True, change_permit_granted=True),
        facts(test_evidence_complete=False),
        facts(user_confirmation="none"),
        facts(model={"automation_level": 3}, ads_partition_touched=True, **permitted),
        facts(**recall, production_sale_stopped=False),
        facts(items=[{"name": "brakes", "performance_change": {"safety": True}}, {"name": "theme"}]),
        facts(rollback_to=back, planned_release="2026-06-03"),
        facts(model={"sold": False}, production_consistency_checked=True),
        facts(interim_safety_measure=True, two_person_approval=True, vulnerability_fixed=False),
    ]


def depths(program: Program) -> dict[str, tuple[int, Once]]:
    """Give the evaluator's depths, each with how many decisions 1x is."""

    def judged(given: Mapping[str, Any]) -> Any:
        return judge(program, given, given["target_models"][0])

    def explained(given: Mapping[str, Any]) -> object:
        return model_row(PACKS, program, "", judged(given), [])

    def flipped(given: Mapping[str, Any]) -> object:
        found = judged(given)
        return model_row(PACKS, program, "", found, what_would_change(program, given, given["target_models"][0], found))

    return {
        "classes only": (24, lambda given: classes(program, given)),
        "full decision": (24, judged),
        "with explanation": (12, explained),
        "with counterfactuals": (12, flipped),
    }


def classes(program: Program, given: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """Give labels and tier alone."""
    view = View(program, given, given["target_models"][0])
    tier = view.value("tier")
    labels = [name for name in program.rules_of_label if view.value(f"label.{name}") is True]
    return labels, None if tier == "none" else tier


def zens(table: str) -> dict[str, tuple[int, Once]]:
    """Give zen's ways, fastest last."""
    return {
        "zen, created, trace": (12, _zen.created(table, trace=True)),
        "zen, loaded, trace": (12, _zen.loaded(table, trace=True)),
        "zen, loaded, no trace": (12, _zen.loaded(table, trace=False)),
    }


def rate(work: Sequence[Any], count: int, once: Once) -> float:
    """Give decisions a second of processor time."""
    start = time.process_time()
    for given in islice(cycle(work), count):
        once(given)
    return count / (time.process_time() - start)


def table(title: str, rows: Mapping[str, tuple[int, Once, Sequence[Any]]]) -> None:
    """Time every row and print it beside the rows that it is compared with."""
    rates = {name: [rate(work, base * size, once) for size in SIZES] for name, (base, once, work) in rows.items()}
    others = ("plain", "plain, trace", "zen, created, trace", "zen, loaded, trace")
    print(f"{title:<24}" + "".join(f"{f'{size}x /s':>12}" for size in SIZES) + "".join(f"{o:>21}" for o in others))
    for name, found in rates.items():
        ratios = "".join(f"{found[-1] / rates[other][-1]:>20.3f}x" for other in others)
        print(f"{name:<24}" + "".join(f"{each:>12,.0f}" for each in found) + ratios)


def shipped() -> None:
    """Compare on the shipped packs."""
    program, work = PACKS.program(DAY), workload()
    made = _zen.Table(program)
    records = [made.record(given) for given in work]
    ways = zens(made.json)
    for given, record in zip(work, records, strict=True):
        found = judge(program, given, given["target_models"][0])
        ours = (list(found.labels), found.tier, [gate.gate.token for gate in found.closed])
        heart = {"plain": _plain.bare(given), "plain, trace": _plain.traced(given)[0]}
        for name, told in (heart | {n: _zen.told(once(record)) for n, (_, once) in ways.items()}).items():
            assert told == ours, (name, told, ours, given)
        assert classes(program, given) == ours[:2], given
    rows = {"plain": (240, _plain.bare, work), "plain, trace": (240, _plain.traced, work)}
    rows |= {name: (base, once, records) for name, (base, once) in ways.items()}
    rows |= {name: (base, once, work) for name, (base, once) in depths(program).items()}
    rows["classify, whole file"] = (6, lambda given: classify(given, PACKS, AS_OF), work)
    table(f"{len(program.gates)} gates, {len(made.names)} facts", rows)


def four() -> None:
    """Compare on the table of four classes."""
    program, work = _four.program(), _four.workload()
    made = _zen.Table(program)
    records = [made.record(given) for given in work]
    ways = zens(made.json)
    for given, record in zip(work, records, strict=True):
        ours = classes(program, given)[0]
        assert ours == _four.bare(given) == _four.traced(given)[0], given
        assert all(_zen.told(once(record))[0] == ours for _, once in ways.values()), given
    rows = {"plain": (240, _four.bare, work), "plain, trace": (240, _four.traced, work)}
    rows |= {name: (base, once, records) for name, (base, once) in ways.items()}
    rows |= {
        n: (base, once, work) for n, (base, once) in depths(program).items() if n in ("classes only", "full decision")
    }
    table("4 classes, 4 facts", rows)


def main() -> None:
    """Print load time and both tables."""
    loads = [
        float(subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True).stdout) for _ in range(3)
    ]
    print(f"all packs load in {min(loads):.3f} s (read, checked, every combination walked, examples run)\n")
    shipped()
    print()
    four()


if __name__ == "__main__":
    main()
