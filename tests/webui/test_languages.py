"""Two languages, complete; moments in Beijing time; amounts that never claim too much."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.i18n import Language, beijing, choose, number, percent, place, said, translations
from roadworthy.i18n.catalog import FOLDER
from roadworthy.i18n.collect import missing, update
from roadworthy.kernel.decision import Text

LEARN = "run `python -m roadworthy.i18n.collect`, then fill the empty msgstr lines of roadworthy/i18n/locales"


@pytest.mark.parametrize("language", Language)
def test_every_word_of_every_page_is_translated(language):
    assert missing(language) == [], LEARN


@pytest.mark.parametrize("language", Language)
def test_catalogues_hold_exactly_what_pages_use(language):
    assert (FOLDER / f"{language.locale}.po").read_bytes() == update(language), LEARN


def test_the_vocabulary_of_the_field_is_kept():
    zh = translations(Language.ZH).gettext
    fixed = {
        "Campaigns": "升级任务",
        "Release": "版本",
        "Package": "升级包",
        "Regulatory gate": "法规门禁",
        "Wave": "批次",
    }
    fixed |= {"Held": "暂停", "Blocked": "阻断"}
    assert {word: zh(word) for word in fixed} == fixed


@pytest.mark.parametrize(
    ("wanted", "remembered", "accepted", "chosen"),
    [
        ("en", "zh", "zh", "en"),
        ("", "en", "zh", "en"),
        ("", "", "en-GB,en;q=0.9", "en"),
        ("", "", "fr,zh-CN;q=0.5,en;q=0.8", "en"),
        ("", "", "en;q=0,zh;q=0.1", "zh"),
        ("xx", "??", "fr", "zh"),
        ("", "", "", "zh"),
    ],
)
def test_language_comes_from_address_then_cookie_then_browser_then_chinese(wanted, remembered, accepted, chosen):
    assert choose(wanted, remembered, accepted) == chosen


@given(st.text(), st.text(), st.text())
def test_any_header_gives_a_language(wanted, remembered, accepted):
    assert choose(wanted, remembered, accepted) in Language


def test_moments_are_beijing_time_in_both_languages():
    moment = datetime(2026, 11, 21, 22, 39, 5, tzinfo=UTC)
    assert beijing(moment) == "2026-11-22 06:39"
    assert beijing(moment, seconds=True) == "2026-11-22 06:39:05"
    with pytest.raises(ValueError, match="no offset"):
        beijing(datetime(2026, 11, 21))


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_percent_says_all_and_none_only_when_it_is_so(part, whole):
    part = min(part, whole)
    assert (percent(part, whole) == "100 %") == (part == whole)
    assert (percent(part, whole) == "0 %") == (part == 0)


def test_amounts_and_missing_halves():
    assert number(48210, Language.ZH) == number(48210, Language.EN) == "48,210"
    assert percent(0, 0) == "–"
    assert said(Text("只有中文", ""), Language.EN) == "只有中文"


@pytest.mark.parametrize("held", ["广西", "广西壮族自治区", "Guangxi"])
def test_provinces_are_written_in_the_readers_language(held):
    assert (place(held, Language.EN), place(held, Language.ZH)) == ("Guangxi", "广西")
    assert place("Atlantis", Language.EN) == "Atlantis"
