"""What the document tests share: a record, every form with its example, and eyes for each kind of file."""

import io
import zipfile
from typing import Any

import pypdf
import pypdfium2
import zxingcpp
from PIL import Image

from roadworthy.documents import Drawn, RecordRef, draw
from roadworthy.law.forms import Filled, Form, fill, load_forms

FORMS = load_forms()
RECORD = RecordRef(
    "FIL-01JZX8Q5T3M4N6P7R8S9T0V1W2", "https://roadworthy.example/filings/FIL-01JZX8Q5T3M4N6P7R8S9T0V1W2"
)


def example(form: str, **changes: Any) -> Filled:
    """Give a form filled by its example, with other values for some fields."""
    made = fill(FORMS[form], FORMS[form].example)
    return Filled(made.form, {**made.values, **changes})


def drawn(filled: Filled, kind: str, language: str = "zh", **more: Any) -> Drawn:
    """Draw for the fixed record."""
    return draw(filled, kind, language, RECORD, **more)


def link(filled: Filled) -> str:
    """Give what the QR code must say."""
    return f"{RECORD.url}#sha256={filled.digest}"


def pdf_text(content: bytes) -> str:
    """Give the text of a PDF without blanks: how lines break is no matter here."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    return squeezed("".join(page.extract_text() for page in reader.pages))


def squeezed(text: str) -> str:
    """Give a text without blanks and line breaks."""
    return "".join(text.split())


def pages(content: bytes, scale: float = 3) -> list[Image.Image]:
    """Give the pages of a PDF as pictures, drawn by an engine that is not the one that wrote them."""
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.render(scale=scale).to_pil() for page in document]
    finally:
        document.close()


def codes(picture: Image.Image) -> list[str]:
    """Give what the QR codes in a picture say."""
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def inside(content: bytes, ending: str) -> dict[str, bytes]:
    """Give the files of a DOCX or XLSX whose names end so."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(ending)}


def labels(form: Form, language: str) -> list[str]:
    """Give the labels of all fields in a language."""
    return [asked.label.zh if language == "zh" else asked.label.en for asked in form.fields]
