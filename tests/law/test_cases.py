"""The worked cases beside the repository give what they expect, by the judge that lies beside them."""

import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from roadworthy.kernel.time import parse_instant
from roadworthy.law import classify, load_packs

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)


def shared() -> Path | None:
    places = [parent / "shared" / "regulation" for parent in Path(__file__).resolve().parents]
    return next((place for place in places if (place / "compare_cases.py").exists()), None)


def judge_of(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_cases", folder / "compare_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(given: dict[str, Any]) -> Any:
    moment = parse_instant(given["as_of"]) if given.get("as_of") else NOW
    return json.loads(json.dumps(classify(given, load_packs(), moment).to_json()))


def test_every_worked_case_gives_its_expectation():
    folder = shared()
    if folder is None:
        pytest.skip("shared/regulation is not beside the repository")
    judge = judge_of(folder)
    for case in json.loads((folder / "cases" / "ota.json").read_text()):
        expect = case["expect"]
        plain = {key: value for key, value in expect.items() if key != "also"}

        assert judge.ota(answer(case["given"]), plain) == [], case["facts"]
        if "split_suggested" in expect:
            assert answer(case["given"])["split_suggested"] == expect["split_suggested"]
        for other in expect.get("also", []):
            wanted = {key: value for key, value in other.items() if key != "set"}

            assert judge.ota(answer(judge.patch(case["given"], other["set"])), wanted) == [], (case["facts"], other)


def test_no_pack_and_no_code_knows_a_case():
    folder = shared()
    if folder is None:
        pytest.skip("shared/regulation is not beside the repository")
    root = Path(__file__).resolve().parents[2]
    ids = [case["id"] for case in json.loads((folder / "cases" / "ota.json").read_text())]
    for path in (root / "roadworthy").rglob("*.*"):
        if path.suffix in (".py", ".yaml", ".md"):
            text = path.read_text()

            assert not [name for name in ids if name in text], path
