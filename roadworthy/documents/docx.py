"""DOCX from a template that staff restyle in Word or WPS. Values fill tags and never become tags themselves."""

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from roadworthy.documents import qr
from roadworthy.documents.archive import canonical_zip
from roadworthy.documents.paper import Drawn, Grid, Line, Paper
from roadworthy.kernel.errors import Unusable

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEMPLATES = Path(__file__).parent / "templates"
PICTURE = "qr.png"  # the name of the picture in the template that the QR code replaces


MOST_BYTES = 30_000_000  # of a company's own template, unpacked
# What zipfile, python-docx, lxml and the expressions of a tag raise for a template that is none.
_UNREADABLE = (
    ArithmeticError,
    LookupError,
    OSError,
    PackageNotFoundError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


class TemplateUnusable(Unusable):
    """This DOCX template cannot be filled; correct its tags and upload it again."""

    code = "document.template_unusable"


def draw(paper: Paper) -> Drawn:
    """Give the paper by its own template, or by the common one; raises TemplateUnusable, naming the tag."""
    try:
        document = DocxTemplate(io.BytesIO(shipped() if paper.template is None else _sized(paper.template)))
        document.allow_missing_pics = True
        document.replace_pic(PICTURE, io.BytesIO(qr.png(paper.link)))
        document.render(as_context(paper), _environment(), autoescape=True)
        out = io.BytesIO()
        document.save(out)
    except TemplateError as error:
        raise TemplateUnusable(f"The template cannot be filled: {error.message}; correct its tags.") from error
    except _UNREADABLE as error:
        if paper.template is None:
            raise
        raise TemplateUnusable("The template is no DOCX file that can be filled; save it again as .docx.") from error
    return Drawn(canonical_zip(out.getvalue()), MEDIA_TYPE, paper.warnings)


@cache
def shipped() -> bytes:
    """Give the common template, which fits every form."""
    return (TEMPLATES / "form.docx").read_bytes()


def _sized(template: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MOST_BYTES:
        raise TemplateUnusable(f"The template unpacks to {size:,} bytes; keep it below {MOST_BYTES:,}.")
    return template


def as_context(paper: Paper) -> Mapping[str, Any]:
    """Give what the tags may name: `title`, `parts`, `words`...; `f.FIELD` and `rows.FIELD` for a form's own layout."""
    form = paper.filled.form
    blocks = [block for part in paper.parts for block in part.blocks]
    lines = [line for block in blocks if not isinstance(block, Grid) for line in block]
    return {
        "digest": paper.filled.digest,
        "f": {line.id: line.cell.text for line in lines},
        "form": form.id,
        "parts": [{"title": part.title, "blocks": [_block(b) for b in part.blocks]} for part in paper.parts],
        "record": paper.record.id,
        "rows": {b.id: _rows(paper, b) for b in blocks if isinstance(b, Grid)},
        "subtitle": paper.subtitle,
        "title": paper.title,
        "to": paper.to,
        "url": paper.record.url,
        "version": form.version,
        "words": dict(paper.words),
    }


def _block(block: tuple[Line, ...] | Grid) -> dict[str, Any]:
    if isinstance(block, Grid):
        grid = [[cell.text for cell in row] for row in block.rows]
        return {"lines": [], "label": _joined(block.number, block.label), "columns": block.columns, "grid": grid}
    lines = [{"label": _joined(line.number, line.label), "text": line.cell.text} for line in block]
    return {"lines": lines, "label": "", "columns": [], "grid": []}


def _joined(number: str, label: str) -> str:
    return f"{number} {label}".strip()


def _rows(paper: Paper, grid: Grid) -> list[dict[str, str]]:
    columns = next(asked.columns for asked in paper.filled.form.fields if asked.id == grid.id)
    return [{c.id: cell.text for c, cell in zip(columns, row, strict=True)} for row in grid.rows]


def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
