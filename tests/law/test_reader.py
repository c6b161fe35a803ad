"""The restricted YAML: only plain data, nothing implied, nothing twice."""

import pytest

from roadworthy.law.reader import LawFileUnreadable, read_yaml


def test_dates_versions_and_foreign_booleans_stay_text():
    read = read_yaml("{a: 2026-11-22, b: 1.0.0, c: yes, d: off, e: 0x10, f: 1_000, g: ~, h: 08:30, i: 007}", "x")

    assert all(isinstance(value, str) for value in read.values())
    assert read["a"] == "2026-11-22"


def test_true_false_null_and_whole_numbers_are_what_they_say():
    assert read_yaml('[true, false, null, 12, -3, "true", "12"]', "x") == [True, False, None, 12, -3, "true", "12"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' stands twice"),
        ("a: &x 1\nb: *x", "anchors and aliases"),
        ("a: !!python/object:os.system {}", "tag"),
        ("a: !!int 1", "tag"),
        ("a: {<<: {b: 1}}", "merge keys"),
        ("a: 1.5", "line 1: 1.5 has a point"),
        ("a: 1e3", "has a point"),
        ("a:", "a value is missing"),
        ("a: 1\n---\nb: 2", "second document"),
        ("", "is empty"),
        ("? [1, 2]\n: 3", "a key is not plain text"),
        ("a: [1, 2", "correct the YAML there"),
        ("[" * 60 + "]" * 60, "nested deeper"),
        ("a: " + "x" * 1_000_001, "larger than"),
    ],
)
def test_everything_else_is_refused_with_its_line(text, says):
    with pytest.raises(LawFileUnreadable) as caught:
        read_yaml(text, "pack.yaml")

    assert says in caught.value.message
    assert caught.value.message.startswith("pack.yaml")
    assert caught.value.text.zh.startswith("pack.yaml")
