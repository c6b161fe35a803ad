"""Reads the QR codes on scans, in a process of its own: a picture made to break a decoder breaks nothing else.

That process has 60 s, 2 GiB, no other file and no pass phrase; the scan is its standard input, and it prints what the
codes say.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import BinaryIO

import pypdfium2
import zxingcpp
from PIL import Image

from roadworthy.couriers.media import JPEG, PDF, PNG
from roadworthy.couriers.told import ToldUnusable

SECONDS = 60
MOST_MEMORY = 2 * 2**30
MOST_PAGES = 300
MOST_PIXELS = 80_000_000  # A3 at 600 dpi
MOST_CODES = 1000

_DPI = 200
_CODES = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_FORMATS = {PNG: "PNG", JPEG: "JPEG"}


def read_codes(scan: BinaryIO, media_type: str) -> tuple[str, ...]:
    """Give what the QR codes on a scan (PDF, PNG or JPEG) say, each once, in the order of pages; none is no error.

    Raises ToldUnusable when the scan cannot be read at all, or is too large to be looked through.
    """
    with TemporaryFile() as file:
        scan.seek(0)
        shutil.copyfileobj(scan, file)
        file.seek(0)
        # No pass phrase of ours goes to where a stranger's picture is decoded.
        harmless = {name: value for name, value in os.environ.items() if not name.startswith("ROADWORTHY_")}
        command = [sys.executable, "-m", "roadworthy.couriers.scans", media_type]
        try:
            done = subprocess.run(  # noqa: S603 - our own module; the media type is one of three
                command, stdin=file, env=harmless, capture_output=True, timeout=SECONDS, check=True
            )
            found = json.loads(done.stdout)
        except (subprocess.SubprocessError, ValueError) as error:
            told = (
                f"The scan cannot be read; scan at {_DPI} dpi, at most {MOST_PAGES} pages a file, without a password."
            )
            raise ToldUnusable(told, code="scan.unreadable", at="scans") from error
    return tuple(str(one) for one in found)


def main() -> None:
    """Be that process."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    found: dict[str, None] = {}
    for picture in _pictures(sys.stdin.buffer, sys.argv[1]):
        for code in zxingcpp.read_barcodes(picture, formats=_CODES):
            found[code.text] = None
        if len(found) > MOST_CODES:
            raise ValueError("too many codes")
    sys.stdout.write(json.dumps(list(found)))


def _pictures(file: BinaryIO, media_type: str) -> Iterator[Image.Image]:
    if media_type != PDF:
        picture = Image.open(file, formats=[_FORMATS[media_type]])
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        yield picture.convert("L")
        return
    with pypdfium2.PdfDocument(file) as document:
        if len(document) > MOST_PAGES:
            raise ValueError("too many pages")
        for page in document:
            width, height = page.get_size()
            scale = min(_DPI / 72, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
            yield page.render(scale=scale, grayscale=True).to_pil()
            page.close()


if __name__ == "__main__":
    main()
