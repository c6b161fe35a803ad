"""`roadworthy classify`: exit 0 open, 3 blocked or hold, 2 unusable, with a message that names the fact."""

import json

import pytest

from roadworthy.cli.classify import classify_command
from tests.law.support import facts


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "facts.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


@pytest.mark.parametrize(
    ("changes", "code", "decision"),
    [({}, 0, "open"), ({"user_confirmation": "none"}, 3, "blocked"), ({"defect_removed": "unknown"}, 3, "hold")],
)
def test_exit_code_follows_the_decision(file, capsys, changes, code, decision):
    assert classify_command(file(facts(**changes)), "json") == code
    assert json.loads(capsys.readouterr().out)["decision"] == decision


def test_the_file_may_fix_the_moment(file, capsys):
    classify_command(file(facts(as_of="2025-01-02T08:00:00+08:00")), "json")

    assert json.loads(capsys.readouterr().out)["as_of"] == "2025-01-02T00:00:00.000000Z"


def test_the_table_names_gates_missing_facts_and_what_would_change(file, capsys):
    assert classify_command(file(facts(main_parameters_changed=True, change_permit_granted=False)), "table") == 3
    out = capsys.readouterr().out

    assert "SP1000: blocked  parameters  tier T2b" in out
    assert "blocked PARAM" in out
    assert "would change: change_permit_granted = true -> open" in out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"reach_vehicle": True}, "reach_vehicle is no known fact; the nearest is reaches_vehicle"),
        ({"as_of": 3}, "as_of"),
        ({"as_of": "2026-06-01T08:00:00"}, "as_of is"),
        ("[]", "no JSON object"),
        ("{", "is not JSON"),
        ('{"delivery": "ota", "delivery": "workshop"}', "delivery stands twice"),
        ('{"changed_parameters": [{"before": NaN}]}', "NaN is no JSON number"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_unusable_input_is_two_and_says_why(file, capsys, content, says):
    assert classify_command(file(content), "json") == 2
    captured = capsys.readouterr()

    assert captured.out == ""
    assert captured.err.startswith("roadworthy classify: ")
    assert says in captured.err or "nested" in captured.err


def test_a_missing_file_and_an_unknown_output_are_two(tmp_path, file, capsys):
    assert classify_command(tmp_path / "none.json", "json") == 2
    assert classify_command(file(facts()), "xml") == 2
    assert "use -o json" in capsys.readouterr().err
