"""Labels and tiers, walked exhaustively against a second, plain reading of the regulation."""

from itertools import product
from typing import Any

from roadworthy.law.coverage import check_coverage
from tests.law.support import PACKS, ask, facts

YES_NO = (True, False)


def expected(level: int, enables: int, flags: list[bool]) -> tuple[set[str], str]:
    touched, shared, proof, main, yes, perf = flags
    driving = enables >= 3 or (level >= 3 and (touched or (shared and not proof)))
    labels = {"parameters"} if main else set()
    labels |= {"automated_driving"} if driving else set()
    labels |= {"recall"} if yes else set()
    tier = "T3" if driving else "T2b" if main else "T2a" if perf else "T1"
    return labels or {"general"}, tier


def test_every_combination_of_the_label_facts():
    seen = 0
    for level, enables, *flags in product((0, 2, 3, 4), (0, 3), *[YES_NO] * 6):
        touched, shared, proof, main, yes, perf = flags
        given: dict[str, Any] = facts(
            model={"automation_level": level},
            enables_automation_level=enables,
            ads_partition_touched=touched,
            ads_image_shared=shared,
            ads_independence_evidence=proof,
            main_parameters_changed=main,
            defect_removed="yes" if yes else "no",
            performance_change={"safety": False, "environment": False, "energy": perf, "anti_theft": False},
        )
        model = ask(given).models[0]
        seen += 1

        assert (set(model["labels"]), model["tier"]) == expected(level, enables, flags)
    assert seen == 512


def test_the_loader_walks_the_whole_finite_domain():
    walked = check_coverage(PACKS)

    assert walked["labels and tiers"] >= 256
    assert walked["outcomes"] >= 160
