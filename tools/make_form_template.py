"""Write the common DOCX template of forms: `python -m tools.make_form_template`.

Staff take it, change fonts, colours and places in Word or WPS, and give it back; the tags in double braces stay.
"""

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from roadworthy.documents.archive import canonical_zip
from roadworthy.documents.docx import PICTURE, TEMPLATES

LATIN, CHINESE = "Arial", "Microsoft YaHei"
FAINT = RGBColor(0x5B, 0x67, 0x75)
SHADE, RULE = "EEF2F6", "8A94A3"


def main(path: Path = TEMPLATES / "form.docx") -> None:
    """Write the template."""
    document = Document()
    _page(document.sections[0])
    _styles(document)
    _head(document)
    _body(document)
    _signatures(document)
    _foot(document.sections[0].footer)
    properties = document.core_properties
    properties.author, properties.title, properties.comments = "Roadworthy", "Form", ""
    properties.created = properties.modified = datetime(2026, 1, 1)  # noqa: DTZ001 - python-docx wants it naive
    out = io.BytesIO()
    document.save(out)
    path.write_bytes(canonical_zip(out.getvalue()))


def _page(section: Any) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin, section.footer_distance = Mm(16), Mm(34), Mm(8)


def _styles(document: Any) -> None:
    for name, size, bold in (
        ("Normal", 9.5, False),
        ("Title", 17, True),
        ("Heading 2", 11, True),
        ("Caption", 9.5, True),
    ):
        style = document.styles[name]
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
        style.font.color.rgb = RGBColor(0x1B, 0x27, 0x33)
        for key in [key for key in style.element.rPr.find(qn("w:color")).attrib if "theme" in key]:
            del style.element.rPr.find(qn("w:color")).attrib[key]
        style.paragraph_format.space_before = Pt(10 if name == "Heading 2" else 4 if name == "Caption" else 0)
        style.paragraph_format.space_after = Pt(0 if name == "Normal" else 4)
        style.paragraph_format.keep_with_next = name in ("Heading 2", "Caption")
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in list(fonts.attrib):
            del fonts.attrib[key]  # theme fonts would win over the names
        for script, font in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", CHINESE)):
            fonts.set(qn(f"w:{script}"), font)
        _language(style.element.get_or_add_rPr())
    border = document.styles["Title"].element.pPr.find(qn("w:pBdr"))
    if border is not None:
        document.styles["Title"].element.pPr.remove(border)


def _language(properties: Any) -> None:
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    language.set(qn("w:eastAsia"), "zh-CN")
    properties.append(language)


def _head(document: Any) -> None:
    document.add_paragraph("{{ title }}", style="Title").alignment = WD_ALIGN_PARAGRAPH.CENTER
    for tag in ("subtitle", "words.courtesy"):
        document.add_paragraph(f"{{%p if {tag} %}}")
        line = document.add_paragraph(f"{{{{ {tag} }}}}")
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.runs[0].font.color.rgb = FAINT
        document.add_paragraph("{%p endif %}")
    document.add_paragraph("{{ words.to }}: {{ to }}    {{ words.record }} {{ record }}")


def _body(document: Any) -> None:
    document.add_paragraph("{%p for part in parts %}")
    document.add_paragraph("{{ part.title }}", style="Heading 2")
    document.add_paragraph("{%p for block in part.blocks %}")
    document.add_paragraph("{%p if block.lines %}")
    _table(document, (Mm(52), Mm(122)), ("{%tr for line in block.lines %}", "{{ line.label }}", "{{ line.text }}"))
    document.add_paragraph("{%p endif %}")
    document.add_paragraph("{%p if block.columns %}")
    document.add_paragraph("{{ block.label }}", style="Caption")
    _grid(document)
    document.add_paragraph("{%p endif %}")
    document.add_paragraph().paragraph_format.line_spacing = Pt(5)
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{%p endfor %}")


def _table(document: Any, widths: tuple[Any, ...], tags: tuple[str, ...]) -> None:
    begin, *cells = tags
    table = _bordered(document.add_table(rows=3, cols=len(cells)))
    table.rows[0].cells[0].text, table.rows[2].cells[0].text = begin, "{%tr endfor %}"
    for n, (tag, width) in enumerate(zip(cells, widths, strict=True)):
        table.rows[1].cells[n].text = tag
        table.columns[n].width = width  # LibreOffice goes by the column, Word by its cells
        for row in table.rows:
            row.cells[n].width = width
    _shade(table.rows[1].cells[0])


def _grid(document: Any) -> None:
    """Write a table whose columns are made by `{%tc %}` tags and whose head is repeated on every page."""
    table = _bordered(document.add_table(rows=4, cols=3))
    _fit(table)
    head, begin, body, end = table.rows
    _tagged(head, "{%tc for name in block.columns %}", "{{ name }}", "{%tc endfor %}")
    begin.cells[0].text, end.cells[0].text = "{%tr for row in block.grid %}", "{%tr endfor %}"
    _tagged(body, "{%tc for cell in row %}", "{{ cell }}", "{%tc endfor %}")
    head.cells[1].paragraphs[0].runs[0].font.bold = True
    _shade(head.cells[1])
    repeated = OxmlElement("w:tblHeader")
    head._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001 - python-docx has no other way to repeat a head


def _fit(table: Any) -> None:
    """Give the table the whole width of the page, in equal columns however many the tags will make."""
    properties = table._tbl.tblPr  # noqa: SLF001 - python-docx sets no widths in per cent
    for element in (properties.find(qn("w:tblW")), *table._tbl.iter(qn("w:tcW"))):  # noqa: SLF001 - as above
        is_table = element.tag == qn("w:tblW")
        element.set(qn("w:type"), "pct" if is_table else "auto")
        element.set(qn("w:w"), "5000" if is_table else "0")


def _tagged(row: Any, *tags: str) -> None:
    for cell, tag in zip(row.cells, tags, strict=True):
        cell.text = tag


def _bordered(table: Any) -> Any:
    table.autofit = False
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", RULE)):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    inset = OxmlElement("w:tblCellMar")
    for side, width in (("top", "60"), ("left", "110"), ("bottom", "60"), ("right", "110")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), width)
        margin.set(qn("w:type"), "dxa")
        inset.append(margin)
    layout = table._tbl.tblPr.find(qn("w:tblLayout"))  # noqa: SLF001 - python-docx has no borders
    layout.addprevious(borders)  # the schema fixes the order: borders, layout, margins
    layout.addnext(inset)
    return table


def _shade(cell: Any) -> None:
    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", SHADE)):
        shade.set(qn(f"w:{key}"), value)
    cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001 - python-docx has no shading


def _signatures(document: Any) -> None:
    table = _bordered(document.add_table(rows=1, cols=3))
    table.rows[0].height = Mm(24)
    _tagged(table.rows[0], "{{ words.company }}", "{{ words.person }}", "{{ words.day }}")
    cannot_split = OxmlElement("w:cantSplit")
    table.rows[0]._tr.get_or_add_trPr().append(cannot_split)  # noqa: SLF001 - python-docx has no such setting


def _foot(footer: Any) -> None:
    table = footer.add_table(rows=1, cols=2, width=Mm(174))
    table.autofit = False
    left, right = table.rows[0].cells
    left.width, right.width = Mm(148), Mm(26)
    first = left.paragraphs[0]
    first.add_run("{{ words.form }} {{ form }}, {{ words.version }} {{ version }}    {{ words.page }} ")
    _number(first, "PAGE")
    first.add_run(" {{ words.of }} ")
    _number(first, "NUMPAGES")
    first.add_run(" {{ words.pages }}")
    for text in ("{{ words.record }} {{ record }}", "{{ words.digest }}:", "{{ digest }}", "{{ words.courtesy }}"):
        left.add_paragraph(text)
    for run in (run for paragraph in left.paragraphs for run in paragraph.runs):
        run.font.size, run.font.color.rgb = Pt(7), FAINT
    right.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    blank = io.BytesIO()
    segno.make("Roadworthy").save(blank, kind="png", scale=6, border=2)
    picture = right.paragraphs[0].add_run().add_picture(blank, width=Mm(21))
    picture._inline.docPr.set("name", PICTURE)  # noqa: SLF001 - the name by which the picture is found again
    picture._inline.graphic.graphicData.pic.nvPicPr.cNvPr.set("name", PICTURE)  # noqa: SLF001 - as above
    footer.paragraphs[0]._p.getparent().remove(footer.paragraphs[0]._p)  # noqa: SLF001 - no empty line above
    footer.add_paragraph()  # a table must be followed by a paragraph


def _number(paragraph: Any, name: str) -> None:
    """Write a field that Word computes."""
    for kind, text in (("begin", ""), ("", name), ("separate", ""), ("", ""), ("end", "")):
        run = paragraph.add_run("1" if (kind, text) == ("", "") else "")
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)  # noqa: SLF001 - python-docx has no fields
        elif text:
            code = OxmlElement("w:instrText")
            code.text = text
            run._r.append(code)  # noqa: SLF001 - as above


if __name__ == "__main__":
    main()
