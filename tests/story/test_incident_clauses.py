"""What an incident officer asks at 03:12: is it reportable, to whom, by when? On the command line, without a server."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from roadworthy.law import load_packs

CALM = dict(load_packs(about="incident").vocabulary.specimen)


def ask(folder: Path, profile: str = "strict", **changes: Any) -> tuple[int, dict[str, Any]]:
    """Write the facts into a file and run the command; give exit code and answer."""
    file = folder / "incident.json"
    file.write_text(json.dumps({**deepcopy(CALM), **changes}))
    line = [sys.executable, "-m", "roadworthy.cli", "incident", "due", "--facts", str(file), "-o", "json"]
    done = subprocess.run([*line, "--profile", profile], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, json.loads(done.stdout)


def due(answer: dict[str, Any]) -> dict[str, str]:
    return {row["rule"]: row["due_at"] for row in answer["duties"]}


@pytest.mark.parametrize(
    ("event", "rule", "at"),
    [
        ({"function_failed_and_exited": True}, "N45-FAIL", "2026-06-24T00:00:00+08:00"),
        ({"collision": True}, "N45-COLL", "2026-06-24T00:00:00+08:00"),
        ({"collision": True, "deaths": 1}, "N45-INIT", "2026-06-16T08:00:00+08:00"),
        ({"collision": True, "airbag_deployed": True}, "N45-INIT", "2026-06-16T08:00:00+08:00"),
    ],
)
def test_the_officer_learns_what_is_due_and_to_whom(tmp_path: Path, event: Any, rule: str, at: str) -> None:
    """N45-4a, N45-4b, N45-4c, N45-4d, N45-4e: failure, collision, casualty, airbag; both ministries."""
    code, answer = ask(tmp_path, **event)
    assert code == 3
    assert due(answer)[rule] == at
    assert all(row["recipients"] == ["MIIT", "SAMR"] and not row["verified"] for row in answer["duties"])


def test_the_other_reading_is_one_word_away(tmp_path: Path) -> None:
    """N45-4c, N45-4d: which severity has 24 hours and which 48 is open (Q-01); counsel may choose."""
    _, strict = ask(tmp_path, collision=True, airbag_deployed=True)
    _, split = ask(tmp_path, "split", collision=True, airbag_deployed=True)
    assert due(strict) == {"N45-INIT": "2026-06-16T08:00:00+08:00", "N45-FULL": "2026-06-17T08:00:00+08:00"}
    assert due(split) == {"N45-48": "2026-06-17T08:00:00+08:00"}


def test_a_false_alarm_keeps_its_duty_and_asks_for_a_correction(tmp_path: Path) -> None:
    """N45-4f: what was reported is corrected, not forgotten."""
    _, answer = ask(tmp_path, collision=True, report_already_sent=True, found_false_alarm=True)
    assert answer["follow_up"] == "correction"
    assert due(answer)


def test_a_quiet_event_is_quiet(tmp_path: Path) -> None:
    code, answer = ask(tmp_path)
    assert (code, answer["duties"], answer["missing_facts"]) == (0, [], [])
