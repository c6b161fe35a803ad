"""Every form in every kind of file and both languages: it is there, it is readable, its code leads back."""

import io
import json

import docx
import pikepdf
import pytest
import python_calamine
from PIL import Image

from tests.documents.paper import FORMS, codes, drawn, example, inside, labels, link, pages, pdf_text, squeezed

BOTH = pytest.mark.parametrize("language", ["zh", "en"])
EACH = pytest.mark.parametrize("name", FORMS)


@EACH
@BOTH
def test_the_pdf_has_every_label_as_text(name, language):
    made = drawn(example(name), "pdf", language)
    text = pdf_text(made.content)

    assert made.warnings == ()
    for label in [*labels(FORMS[name], language), example(name).digest, FORMS[name].title.zh]:
        assert squeezed(label) in text
    assert ("Courtesytranslation" in text) is (language == "en")


@EACH
@BOTH
def test_the_pdf_is_pdf_a_2b_by_its_structure(name, language):
    with pikepdf.open(io.BytesIO(drawn(example(name), "pdf", language).content)) as pdf:
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
        assert pdf.trailer.ID
        assert not pdf.is_encrypted
        [intent] = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.N == 3
        fonts = [font for page in pdf.pages for font in page.Resources.Font.values()]
        assert fonts
        for font in fonts:
            [descendant] = font.DescendantFonts
            assert {"/FontFile2", "/FontFile3"} & set(descendant.FontDescriptor.keys())
            assert "/ToUnicode" in font
        assert "/Lang" in pdf.Root


@EACH
@BOTH
def test_the_docx_has_every_label_and_value(name, language):
    filled = example(name)
    document = docx.Document(io.BytesIO(drawn(filled, "docx", language).content))
    body = "\n".join(node.text or "" for node in document.element.body.iter() if node.tag.endswith("}t"))

    assert "{{" not in body
    assert "{%" not in body
    for label in labels(FORMS[name], language):
        assert label in body
    for value in filled.values.values():
        assert not isinstance(value, str) or value in body or "-" in value or value.isascii()


@EACH
@BOTH
def test_the_xlsx_has_every_label_and_a_sheet_for_each_list(name, language):
    filled = example(name)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(drawn(filled, "xlsx", language).content))
    first = book.get_sheet_by_index(0).to_python()

    assert {row[1] for row in first} >= set(labels(FORMS[name], language))
    links = [row[2] for row in first if str(row[2]).startswith("→ ")]
    assert len(links) == len(book.sheet_names) - 1


@EACH
def test_the_json_is_the_data_and_the_same_in_both_languages(name):
    filled = example(name)
    zh, en = drawn(filled, "json", "zh").content, drawn(filled, "json", "en").content

    assert zh == en
    assert json.loads(zh)["values"] == json.loads(json.dumps(filled.values))
    assert json.loads(zh)["digest"] == filled.digest


@EACH
def test_the_code_at_the_foot_of_each_page_leads_to_the_record(name):
    filled = example(name)
    for page in pages(drawn(filled, "pdf").content):
        assert codes(page) == [link(filled)]


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_the_code_in_word_and_excel_leads_to_the_record_too(kind):
    filled = example("recall_plan")
    for picture in inside(drawn(filled, kind).content, ".png").values():
        assert codes(Image.open(io.BytesIO(picture))) == [link(filled)]


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx", "json"])
@BOTH
def test_the_same_data_give_the_same_bytes(kind, language):
    assert drawn(example("samr_record"), kind, language) == drawn(example("samr_record"), kind, language)


def test_other_data_give_another_digest_at_the_foot():
    one, other = example("samr_record"), example("samr_record", purpose="另一目的")

    assert one.digest != other.digest
    assert other.digest in pdf_text(drawn(other, "pdf").content)
