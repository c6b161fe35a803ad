"""Decisions by rule packs against a plain Python function with the same branches, in one run: `python -m bench decide`.

The plain function knows the labels, the tier and the gates by heart: no packs, no unknown facts, no explanation. It
is the floor; the ratio is what dated, cited data and three-valued logic cost. Sizes show the growth 1x / 10x / 100x.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from roadworthy.law import add_working_days, classify, load_calendar, load_packs
from roadworthy.law.judge import judge
from tests.law.support import facts

AS_OF = datetime(2026, 11, 23, 2, tzinfo=UTC)
SIZES = (20, 200, 2_000)
CALENDAR = load_calendar()


def plain(given: Mapping[str, Any]) -> tuple[str, list[str], str, list[str]]:
    """Decide by nested ifs: decision, labels, tier, gates that are not open."""
    model = given["target_models"][0]
    if model["test_fleet"] and not model["sold"]:
        return "open", [], "", []
    perf, filings = given["performance_change"], given["filings"]
    driving = model["automation_level"] >= 3 and (given["ads_partition_touched"] or given["ads_image_shared"])
    main, recall = given["main_parameters_changed"], given["defect_removed"] == "yes"
    labels = [n for n, yes in (("parameters", main), ("automated_driving", driving), ("recall", recall)) if yes]
    tier = "T3" if driving else "T2b" if main else "T2a" if any(perf.values()) else "T1"
    lead = add_working_days(CALENDAR, date.fromisoformat(filings["samr_record"]["submitted_on"]), 5).day
    gates = {
        "ENT": filings["miit_enterprise"]["state"] == "valid" and given["applicant"] == model["licensed_manufacturer"],
        "TYPE": filings["miit_type"]["state"] == "valid",
        "ACT": filings["miit_activity"]["state"] == "valid",
        "SAMR": filings["samr_record"]["state"] == "valid",
        "SAMR-LEAD": date.fromisoformat(given["planned_release"]) >= lead,
        "DEFECT": given["defect_removed"] != "unknown" and not (given["open_defect_investigation"] and not recall),
        "PARAMREG": model["annex2_supplemented"],
        "SUMS": given["sums_records_complete"],
        "TEST": given["test_evidence_complete"],
        "RISK": given["risk_assessment_done"],
        "SAFETY": given["functional_safety_validated"],
        "HASH": given["released_hash_equals_filed"],
        "SCOPE": given["vins_outside_filed_scope"] == 0,
        "CONSENT": given["user_confirmation"] == "explicit",
        "MKT": given["notice_text_checked"],
        "VER": tier not in ("T2a", "T2b") or given["verification_attached"],
        "PARAM": not main or given["change_permit_granted"],
        "SWIN": not given["type_approval_software_changed"] or given["swin_moved"],
    }
    closed = [token for token, met in gates.items() if not met]
    return "blocked" if closed else "open", labels or ["general"], tier, closed


def workload() -> list[dict[str, Any]]:
    """Open and blocked upgrades of several classes."""
    calm = {"safety": False, "environment": False, "energy": False, "anti_theft": False}
    return [
        facts(),
        facts(performance_change={**calm, "safety": True}),
        facts(main_parameters_changed=True, change_permit_granted=False),
        facts(main_parameters_changed=True, change_permit_granted=True),
        facts(test_evidence_complete=False),
        facts(user_confirmation="none"),
    ]


def rate(work: list[dict[str, Any]], count: int, once: Callable[[dict[str, Any]], object]) -> float:
    """Give decisions a second of processor time."""
    start = time.process_time()
    for given in islice(cycle(work), count):
        once(given)
    return count / (time.process_time() - start)


def main() -> None:
    """Print the table."""
    packs = load_packs()
    program = packs.program((AS_OF + timedelta(hours=8)).date())
    work = workload()
    for given in work:
        told = classify(given, packs, AS_OF).to_json()["models"][0]
        assert (told["decision"], sorted(told["labels"]), told["tier"]) == (
            plain(given)[0],
            sorted(plain(given)[1]),
            plain(given)[2],
        ), given
    print(
        f"{'decisions':>10} {'plain/s':>12} {'judge/s':>12} {'explained/s':>12} {'judge:plain':>12} {'expl.:plain':>12}"
    )
    for count in SIZES:
        bare = rate(work, count * 20, plain)
        fast = rate(work, count, lambda given: judge(program, given, given["target_models"][0]))
        told_rate = rate(work, max(count // 10, 6), lambda given: classify(given, packs, AS_OF))
        ratios = f"{fast / bare:>12.4f} {told_rate / bare:>12.5f}"
        print(f"{count:>10} {bare:>12,.0f} {fast:>12,.0f} {told_rate:>12,.0f} {ratios}")


if __name__ == "__main__":
    main()
