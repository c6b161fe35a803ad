"""The one door: `draw`. A further kind of paper is a further file and one line here."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from roadworthy.documents import docx, json_file, pdf, xlsx
from roadworthy.documents.paper import Drawn, Paper, RecordRef, set_out
from roadworthy.i18n import Language
from roadworthy.law.forms import Filled

__all__ = ["Drawn", "Kind", "RecordRef", "draw"]


class Kind(StrEnum):
    """What a paper can be drawn as, by its file extension."""

    DOCX = "docx"
    XLSX = "xlsx"
    PDF = "pdf"
    JSON = "json"


_DRAWN_BY: Mapping[Kind, Callable[[Paper], Drawn]] = {
    Kind.DOCX: docx.draw,
    Kind.XLSX: xlsx.draw,
    Kind.PDF: pdf.draw,
    Kind.JSON: json_file.draw,
}


def draw(
    filled: Filled, kind: Kind | str, language: Language | str, record: RecordRef, *, template: bytes | None = None
) -> Drawn:
    """Give a filled form, complete or not, as a file with warnings; the same arguments give the same bytes.

    `template` is a DOCX of the company's own for kind `docx`: see the README for its tags. Raises
    TemplateUnusable (Unusable) when it cannot be filled, ValueError for an unknown kind or language.
    """
    paper = set_out(filled, Language(language), record, template)
    return _DRAWN_BY[Kind(kind)](paper)
