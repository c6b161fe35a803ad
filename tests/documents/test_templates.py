"""A company's own Word template: by the ids of fields, without code, and without power over the server."""

import io
import zipfile

import docx
import pytest

from roadworthy.documents.docx import TemplateUnusable
from tests.documents.paper import drawn, example


def template(*paragraphs: str) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def text_of(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]


def test_fields_and_rows_are_named_by_their_ids():
    own = template("{{ title }}: {{ f.purpose }}", "{%p for m in rows.models %}", "{{ m.code }}", "{%p endfor %}")
    filled = example("samr_record")

    told = text_of(drawn(filled, "docx", template=own).content)

    assert told == [f"{filled.form.title.zh}: {filled.values['purpose']}", "SPX7000BEV", "SPX7001BEV"]


@pytest.mark.parametrize(
    "tag",
    [
        "{{ f.no_such_field }}",
        "{{ nothing }}",
        "{% for %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ f.__init__.__globals__ }}",
        "{{ 1 / 0 }}",
        "{{ range(10000000) | list }}",
    ],
)
def test_a_tag_that_names_nothing_or_reaches_out_is_refused(tag):
    with pytest.raises(TemplateUnusable):
        drawn(example("samr_record"), "docx", template=template(tag))


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut"])
def test_a_file_that_is_no_docx_is_refused(content):
    with pytest.raises(TemplateUnusable):
        drawn(example("samr_record"), "docx", template=content)


def test_a_template_that_unpacks_without_end_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 40_000_000)

    with pytest.raises(TemplateUnusable, match="40,000,000 bytes"):
        drawn(example("samr_record"), "docx", template=out.getvalue())


def test_the_common_template_names_a_chinese_font_for_chinese_text():
    document = docx.Document(io.BytesIO(drawn(example("samr_record"), "docx").content))

    assert 'w:eastAsia="Microsoft YaHei"' in document.styles["Normal"].element.xml
