"""PDF/A-2b by Typst. Values reach it as JSON data, never as Typst code, so markup in them stays text.

The bundled fonts hold GB 2312 and the signs of forms. Other characters are taken from the fonts of the system; those
that nobody has are written as their code points. Either is said in a warning and stops no paper: clocks are running.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import typst

from roadworthy.documents import qr
from roadworthy.documents.cell import Cell, points
from roadworthy.documents.paper import Drawn, Grid, Line, Paper
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Broken

HERE = Path(__file__).parent
FONTS, LAYOUT = HERE / "fonts", HERE / "templates" / "form.typ"
# How Typst says that no font has a sign; it may write the sign as \u{18d1f}.
_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def draw(paper: Paper) -> Drawn:
    """Give the paper as PDF/A-2b; raises Broken when Typst fails for any other reason than a missing glyph."""
    data = as_data(paper)
    missing = {sign for sign in json.dumps(data, ensure_ascii=False) if ord(sign) > 126} - covered()
    warnings = list(paper.warnings)
    content, unknown = _compiled(data, missing)
    if missing:
        warnings.append(
            Text(
                f"内置字体没有的字符,已用系统字体或代码点代替,请核对印刷效果:{points(missing)}。",
                f"Characters beyond the bundled font, taken from the system's fonts; check how they print: "
                f"{points(missing)}.",
            )
        )
    if unknown:
        warnings.append(
            Text(
                f"没有字体能显示的字符,已写为代码点:{points(unknown)}。",
                f"Characters that no font of this computer has were written as their code points: {points(unknown)}.",
            )
        )
    return Drawn(content, "application/pdf", tuple(warnings))


@cache
def covered() -> frozenset[str]:
    """Give the characters that the bundled fonts hold."""
    lines = (FONTS / "coverage.txt").read_text("ascii").split()
    ranges = (tuple(int(end, 16) for end in line.split("-")) for line in lines)
    return frozenset(chr(point) for first, last in ranges for point in range(first, last + 1))


@cache
def fonts(*, system: bool) -> typst.Fonts:
    """Give the bundled fonts, with those of the system when a paper needs them (reading these takes a moment)."""
    return typst.Fonts(include_system_fonts=system, include_embedded_fonts=False, font_paths=[str(FONTS)])


def as_data(paper: Paper) -> dict[str, Any]:
    """Give what the layout `form.typ` reads: plain texts."""
    form = paper.filled.form
    return {
        "at": [paper.at.year, paper.at.month, paper.at.day],
        "digest": paper.filled.digest,
        "form": form.id,
        "lang": str(paper.language),
        "parts": [{"title": part.title, "blocks": [_block(b) for b in part.blocks]} for part in paper.parts],
        "qr": qr.svg(paper.link),
        "record": paper.record.id,
        "subtitle": paper.subtitle,
        "title": paper.title,
        "to": paper.to,
        "url": paper.record.url,
        "version": form.version,
        "words": dict(paper.words),
    }


def _block(block: tuple[Line, ...] | Grid) -> dict[str, Any]:
    if isinstance(block, Grid):
        rows = [[cell.text for cell in row] for row in block.rows]
        weights = [_weight(label, [row[n] for row in block.rows]) for n, label in enumerate(block.columns)]
        label = {"number": block.number, "label": block.label}
        return {**label, "columns": block.columns, "numeric": block.numeric, "weights": weights, "rows": rows}
    return {"lines": [{"number": line.number, "label": line.label, "text": line.cell.text} for line in block]}


def _weight(label: str, cells: list[Cell]) -> int:
    """Give a column's share of the width: its longest text of the first rows, within bounds."""
    wide = [sum(1 if sign < "\u2e80" else 2 for sign in text) for text in (label, *(c.text for c in cells[:200]))]
    return min(max(*wide, 8), 48)


def _compiled(data: dict[str, Any], missing: set[str]) -> tuple[bytes, set[str]]:
    try:
        return _typst(data, system=bool(missing)), set()
    except typst.TypstError as error:
        named = _NO_GLYPH.findall(error.diagnostic)
        if not named or not missing:
            raise Broken(f"Typst could not draw {data['form']}: {error.message}.") from error
    unknown = {sign for text in named for sign in _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text)} & missing
    try:
        return _typst(_spelled(data, unknown), system=True), unknown
    except typst.TypstError:  # signs that fail only in company, such as halves of a joined emoji: spell them all
        return _typst(_spelled(data, missing), system=False), missing


def _spelled(value: Any, signs: set[str]) -> Any:
    if isinstance(value, str):
        return "".join(f"[U+{ord(sign):04X}]" if sign in signs else sign for sign in value)
    if isinstance(value, dict):
        return {key: _spelled(inner, signs) for key, inner in value.items()}
    return [_spelled(inner, signs) for inner in value] if isinstance(value, list | tuple) else value


def _typst(data: dict[str, Any], *, system: bool) -> bytes:
    made = typst.compile(
        LAYOUT,
        root=HERE,
        font_paths=fonts(system=system),
        sys_inputs={"paper": json.dumps(data, ensure_ascii=False)},
        format="pdf",
        pdf_standards=["a-2b"],
    )
    if not isinstance(made, bytes):
        raise Broken("Typst gave no PDF.")
    return made
