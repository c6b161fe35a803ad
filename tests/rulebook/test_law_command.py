"""`roadworthy law` on files: what it prints, and its exit codes."""

import json

import pytest
from typer.testing import CliRunner

from roadworthy.cli.main import app
from tests.rulebook.packs import SHIPPED, text_of


def run(*words):
    return CliRunner().invoke(app, ["law", *words])


def data(*words):
    found = run(*words, "-o", "json")
    return json.loads(found.stdout), found.exit_code


@pytest.fixture
def file(tmp_path):
    def write(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_bytes(text)
        return str(path)

    return write


def test_list_names_every_shipped_pack():
    rows, code = data("list")
    assert code == 0
    assert {"cn.n45.ota-classes", "company.safety-policy"} <= {row["id"] for row in rows}


def test_a_file_takes_the_place_of_the_shipped_pack(file):
    rows, _ = data("list", "--folder", file(text_of(version="1.1.0")))
    assert [row["version"] for row in rows if row["id"] == "company.safety-policy"] == ["1.1.0"]


def test_a_folder_with_a_vocabulary_stands_alone(tmp_path):
    for name, text in SHIPPED.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    rows, code = data("test", str(tmp_path))
    assert (code, {row["fit"] for row in rows}) == (0, {True})


def test_test_names_what_is_wrong_in_both_languages_and_leaves_with_2(file):
    broken = text_of().replace(b"D25-1b, D25-1d", b"NOWHERE")
    rows, code = data("test", file(broken))
    assert code == 2
    assert "NOWHERE" in rows[0]["en"]
    assert rows[0]["zh"]
    assert set(rows[0]) == {"file", "line", "rule", "zh", "en"}


def test_show_and_explain_say_when_a_rule_holds():
    shown, _ = data("show", "company.safety-policy")
    assert shown["rules"][0]["when"] == "company_safety_policy = true"
    (told,), _ = data("explain", "PARAM")
    assert told["clauses"][0]["id"] == "N45-7b"
    assert told["open"] == "target_models[].imported = false and change_permit_granted = true"


def test_explain_with_facts_says_why(tmp_path):
    from tests.law.support import facts

    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts(company_safety_policy=True)), "utf-8")
    (told,), _ = data("explain", "SAFETY-POLICY", "--facts", str(path))
    assert told["models"][0]["fired"] is True
    assert told["models"][0]["because"][0]["fact"] == "company_safety_policy"


def test_diff_leaves_with_3_when_a_decision_differs(file):
    words = file(text_of(fix="Other words"), "words.yaml")
    stricter = text_of().replace(b"when: {company_safety_policy: {eq: true}}", b"when: {beta_release: {eq: true}}")
    stricter = stricter.replace(b"company_safety_policy: true", b"beta_release: true")
    found, code = data("diff", "shipped", words)
    assert (code, found["tables"]) == (0, [])
    assert {change["kind"] for change in found["text"]} == {"pack", "rule"}
    found, code = data("diff", "shipped", file(stricter, "stricter.yaml"))
    assert code == 3
    assert [table["table"] for table in found["tables"]] == ["gate SAFETY-POLICY: required"]
    table = run("diff", "shipped", file(stricter, "stricter.yaml"))
    assert "combinations change" in table.stdout


def test_diff_without_a_question_misses_no_deadline(file):
    known = SHIPPED["packs/cn/nev19.yaml"].decode()
    later = known.replace(
        "due: {basis: occurrence, after: 48, unit: hour}", "due: {basis: occurrence, after: 47, unit: hour}"
    )
    later = later.replace("2026-06-17T08:00:00+08:00", "2026-06-17T07:00:00+08:00")
    found, code = data("diff", "shipped", file(later.encode(), "later.yaml"))

    assert code == 3
    assert [table["table"] for table in found["tables"]] == ["duties NEV-48"]


def test_explain_says_by_when_and_to_whom():
    (said,), _ = data("explain", "N45-INIT")

    assert said["gives"].startswith("incident_initial to MIIT, SAMR, 24 hour(s) after occurrence (calendar cn)")


def test_coverage_is_whole_for_what_is_shipped():
    found, code = data("coverage")
    assert code == 0
    assert found["idle"] == found["at_odds"] == []
    assert all(table["uncovered"] == [] for table in found["tables"])


def test_calendar_counts_working_days():
    found, _ = data("calendar", "2026-09-28", "--working-days", "5")
    assert found["day"] == "2026-10-10"
    years, _ = data("calendar")
    assert {2026, 2027} <= {row["year"] for row in years}


def test_what_is_not_there_is_said(tmp_path):
    assert run("list", "--folder", str(tmp_path / "nowhere")).exception is not None
    assert run("show", "nothing").exception is not None
    assert run("explain", "nothing").exception is not None
