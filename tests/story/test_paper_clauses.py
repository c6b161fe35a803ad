"""What a homologation officer asks before anything is sent: which papers are owed for this model. Without a server."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

from roadworthy.law import load_packs

READY = dict(load_packs().vocabulary.specimen)


def ask(folder: Path, **changes: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Write the facts into a file and run `classify`; give exit code, the model's answer and its timers by rule."""
    facts = deepcopy(READY)
    facts["target_models"][0] |= changes.pop("model", {})
    file = folder / "upgrade.json"
    file.write_text(json.dumps(facts | changes))
    line = [sys.executable, "-m", "roadworthy.cli", "classify", "--facts", str(file), "-o", "json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    answer = json.loads(done.stdout)
    return done.returncode, answer["models"][0], {row["rule"]: row["due_at"] for row in answer["timers"]}


def said(model: dict[str, Any]) -> set[str]:
    return {row["rule"] for row in model["warnings"]}


def test_a_model_without_parameters_is_told_to_whom_they_go(tmp_path: Path) -> None:
    """N45-2a, N45-2b: with the application to one ministry, and the same to the other."""
    code, model, _ = ask(tmp_path, model={"annex2_supplemented": False})
    assert code == 3
    assert [gate["token"] for gate in model["gates_blocked"]] == ["PARAMREG"]
    assert "N45-2a" in said(model)


def test_a_newly_admitted_model_owes_its_deep_test_plan(tmp_path: Path) -> None:
    """N45-3a: promptly after admission; thirty days are our own reading (Q-27)."""
    code, model, due = ask(tmp_path, model={"admitted_on": "2026-06-01", "deep_test_plan_submitted": False})
    assert (code, due["N45-3a"]) == (0, "2026-07-02T00:00:00+08:00")
    assert "N45-3a" in said(model)


def test_a_serious_finding_of_the_deep_test_holds_the_upgrade(tmp_path: Path) -> None:
    """N45-3b: what the deep test finds is improved first."""
    code, model, _ = ask(tmp_path, model={"deep_test_finding": "high"})
    assert (code, model["decision"]) == (3, "hold")
    assert [gate["token"] for gate in model["gates_blocked"]] == ["DEEP-TEST"]
    assert ask(tmp_path, model={"deep_test_finding": "none"})[0] == 0


def test_two_filings_that_differ_are_seen(tmp_path: Path) -> None:
    """N45-8, EIDC22-6: the authorities share what is filed."""
    code, model, _ = ask(tmp_path, filings_differ=True)
    assert (code, said(model)) == (0, {"N45-8"})


def test_an_unchecked_notice_is_told_what_must_stand_in_it(tmp_path: Path) -> None:
    """N45-9a, N45-A1.4: the driver's duty, the boundary, correct use; nothing that implies automated driving."""
    code, model, _ = ask(tmp_path, notice_text_checked=False)
    assert code == 3
    assert [gate["token"] for gate in model["gates_blocked"]] == ["MKT"]
    assert "N45-A1.4" in said(model)
