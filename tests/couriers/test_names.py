"""Names stay in their folder, whoever gave them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.couriers.names import MOST_BYTES, MOST_CHARACTERS, distinct, safe_name, split_extension

TEXTS = st.text(max_size=300) | st.lists(
    st.sampled_from(["..", "/", "\\", "a", "CON", ".pdf", " ", "\u202e", "\0", "e\u0301", "车", ":", "\n", "."]),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/shadow", "shadow"),
        ("C:\\Windows\\system32\\evil.pdf", "evil.pdf"),
        ("..", "file"),
        ("", "file"),
        ("con.pdf", "_con.pdf"),
        ("exe\u202efdp.exe", "exefdp.exe"),
        ("备案表 第1页.pdf", "备案表 第1页.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("a\r\nBcc: x@y.pdf", "aBcc_ x@y.pdf"),
        (" .hidden. ", "hidden"),
        ("a" * 300 + ".pdf", "a" * 96 + ".pdf"),
        ("车" * 300 + ".pdf", "车" * 65 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(given_name, safe):
    assert safe_name(given_name) == safe


@given(TEXTS)
def test_a_safe_name_names_one_file_in_its_folder(text):
    name = safe_name(text)
    assert name not in {"", ".", ".."}
    assert not set(name) & set('/\\:*?"<>|\0\n\r\t')
    assert not any(unicodedata.category(one).startswith("C") for one in name)
    assert name == name.strip(" .")
    assert unicodedata.is_normalized("NFC", name)
    assert len(name) <= MOST_CHARACTERS
    assert len(name.encode()) <= MOST_BYTES


@given(TEXTS)
def test_a_safe_name_stays_as_it_is(text):
    assert safe_name(safe_name(text)) == safe_name(text)


@given(st.lists(TEXTS, max_size=12))
def test_names_of_one_folder_are_distinct_on_any_computer(texts):
    names = distinct(texts)
    assert len(names) == len(texts)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(safe_name(name) == name for name in names)


def test_a_number_goes_before_the_extension():
    assert distinct(["scan.pdf", "SCAN.PDF", "x/scan.pdf"]) == ["scan.pdf", "SCAN-2.PDF", "scan-3.pdf"]


def test_what_is_no_extension_is_none():
    assert split_extension("version 1.2 of it") == ("version 1.2 of it", "")
    assert split_extension(".profile") == (".profile", "")
