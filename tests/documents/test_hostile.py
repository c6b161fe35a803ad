"""Values are text, whatever they look like, in every kind of file."""

import io

import docx
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.documents.paper import codes, drawn, example, inside, link, pages, pdf_text, squeezed

HOSTILE = {
    "html": "<script>alert(1)</script><b>x</b> &amp; &#x41;",
    "typst code": '#sys.inputs #eval("1+1") #{ panic() } #include "form.typ"',
    "typst markup": "*bold* _it_ $x^2$ = Heading @ref <label> `raw` \\ // /* ~ -- ---",
    "template": "{{7*7}} {% for x in y %} {# note #} {{ ''.__class__.__mro__ }}",
    "word xml": '</w:t></w:r><w:p/><w:instrText>DDEAUTO c:\\x "y"</w:instrText>',
    "breaks": "one\r\ntwo\rthree\u2028four\tfive",
}


def word_text(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    return "".join(node.text or "" for node in document.element.body.iter() if node.tag.endswith("}t"))


def excel_cells(content: bytes) -> list[str]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row]


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_markup_stays_text(value):
    filled = example("samr_record", purpose=value)
    plain = squeezed(value)

    assert plain in pdf_text(drawn(filled, "pdf").content)
    assert plain in squeezed(word_text(drawn(filled, "docx").content))
    assert plain in {squeezed(cell).removeprefix("'") for cell in excel_cells(drawn(filled, "xlsx").content)}


@pytest.mark.parametrize("value", ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", " =1", "'=1", "\t=1"])
def test_no_cell_is_a_formula_or_a_link(value):
    content = drawn(example("samr_record", purpose=value, models=[{"code": value}]), "xlsx").content

    sheets = inside(content, ".xml")
    assert not [name for name, xml in sheets.items() if b"<f>" in xml or b"<hyperlink" in xml]
    assert not [cell for cell in excel_cells(content) if cell.lstrip()[:1] in {"=", "+", "@"}]


def test_very_long_texts_and_words_are_whole_and_stay_on_the_paper():
    long, word = "很长的说明。" * 6_000, "9" * 3_000
    filled = example("samr_record", purpose=long, content=word)
    made = drawn(filled, "pdf")

    text = pdf_text(made.content)
    assert text.count("很长的说明") > 5_900  # a sentence that crosses a page has a foot in between
    assert text.count("9") >= 3_000
    assert all(codes(page) == [link(filled)] for page in pages(made.content)[:2])
    cells = excel_cells(drawn(filled, "xlsx").content)
    assert "".join(cell for cell in cells if "很长" in cell) == long
    assert long in word_text(drawn(filled, "docx").content)


def test_a_list_cell_too_long_for_excel_is_said():
    rows = [{"code": "x" * 40_000, "name": None, "quantity": 1}]
    made = drawn(example("samr_record", models=rows), "xlsx")

    assert ["Excel" in warning.en for warning in made.warnings] == [True]


def test_control_characters_and_marks_of_direction_are_replaced_and_named():
    filled = example("samr_record", purpose="a\x00b\x1bc\u202ed\ud800e\ufffff")
    for kind in ("pdf", "docx", "xlsx"):
        [warning] = drawn(filled, kind).warnings
        assert "U+0000, U+001B, U+202E, U+D800, U+FFFF" in warning.en
        assert "U+202E" in warning.zh
    assert "a\u3013b\u3013c\u3013d\u3013e\u3013f" in word_text(drawn(filled, "docx").content)


def test_a_character_that_no_font_has_is_named_and_stops_nothing():
    filled = example("incident_initial", place="𱍐地 \U0010fffd")
    made = drawn(filled, "pdf")

    assert "U+10FFFD" in made.warnings[-1].en
    assert "[U+10FFFD]" in pdf_text(made.content)


def test_rare_characters_and_emoji_are_drawn_or_spelled_out_but_always_named():
    made = drawn(example("incident_initial", place="𬬮 😀 👨‍👩‍👧 🇨🇳"), "pdf")

    assert {"U+1F600", "U+2CB2E"} <= set(made.warnings[0].en.replace(".", "").replace(",", "").split())
    assert made.content.startswith(b"%PDF")


def test_values_of_the_wrong_kind_are_drawn_as_they_are():
    wrong = {"quantity": {"a": [1]}, "models": "none", "release_on": 5, "activity_type": "other", "vin_ranges": [7]}
    filled = example("samr_record", **wrong)
    for kind in ("pdf", "docx", "xlsx", "json"):
        assert drawn(filled, kind).content
    assert '{"a":[1]}' in pdf_text(drawn(filled, "pdf").content)


@settings(max_examples=25, deadline=None)
@given(value=st.text(max_size=60), cell=st.text(max_size=30))
def test_any_text_can_be_drawn(value, cell):
    filled = example("incident_correction", reason=value or None, corrections=[{"field": cell, "after": value}])
    for kind in ("docx", "xlsx", "json", "pdf"):
        assert drawn(filled, kind).content
