"""Codes are read off scans as people make them: turned, grey, noisy, in PDF; what breaks a decoder breaks only it."""

import io
import random

import pytest
import segno
from PIL import Image

from roadworthy.couriers.interface import Scan, Told
from roadworthy.couriers.media import JPEG, PDF, PNG, inspect
from roadworthy.couriers.paper import PaperCourier
from roadworthy.couriers.scans import read_codes
from roadworthy.couriers.told import ToldUnusable
from roadworthy.kernel.time import SetTime
from roadworthy.storage import ArtifactStore
from tests.conftest import START
from tests.couriers.world import CODE, packet

LINK = "https://roadworthy.qilin.example/filings/FIL-01KJP4C580E444BG321JRV6STH"


def page(*codes: str, turned: float = 0, noise: int = 0) -> Image.Image:
    """An A4 page at 200 dpi with codes of 18 mm at its foot, as a scanner gives it."""
    sheet = Image.new("L", (1654, 2339), 250)
    for number, code in enumerate(codes):
        out = io.BytesIO()
        segno.make(code, error="m", micro=False).save(out, kind="png", scale=4, border=2)
        sheet.paste(Image.open(out).convert("L"), (100 + 400 * number, 2100))
    dice = random.Random(7)
    for _ in range(noise):
        sheet.putpixel((dice.randrange(1654), dice.randrange(2339)), dice.randrange(256))
    return sheet.rotate(turned, fillcolor=250, resample=Image.Resampling.BICUBIC)


def saved(pages: list[Image.Image], kind: str, **how) -> io.BytesIO:
    out = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:], "resolution": 200} if kind == PDF else {}
    pages[0].save(out, {PDF: "PDF", PNG: "PNG", JPEG: "JPEG"}[kind], **more, **how)
    out.seek(0)
    return out


@pytest.mark.parametrize("kind", [PDF, PNG, JPEG])
def test_a_code_is_read_off_a_turned_and_noisy_scan(kind):
    assert read_codes(saved([page(LINK, turned=2.5, noise=20_000)], kind), kind) == (LINK,)


def test_each_page_and_each_code_is_read_once_in_order():
    pages = [page(LINK), page("B", turned=180), page(LINK, "C")]
    assert read_codes(saved(pages, PDF), PDF) == (LINK, "B", "C")
    assert read_codes(saved([page()], PNG), PNG) == ()


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"%PDF-1.7 nonsense %%EOF", PDF), (b"\x89PNG\r\n\x1a\nnonsense", PNG), (b"\xff\xd8\xff nonsense", JPEG)],
)
def test_a_broken_scan_says_how_to_scan(content, kind):
    with pytest.raises(ToldUnusable, match="scan at 200 dpi"):
        read_codes(io.BytesIO(content), kind)


def test_a_picture_bomb_is_refused():
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(ToldUnusable):
        read_codes(bomb, PNG)


def test_a_stamped_paper_goes_from_scan_to_evidence(shelf, tmp_path):
    made, artifacts = packet(shelf), ArtifactStore(tmp_path)
    scan = saved([page(CODE, turned=1)], PDF)
    seen = inspect("扫描件.pdf", scan)
    artifacts.put(scan)
    with artifacts.open(seen.sha256) as file:
        found = Scan(seen.sha256, seen.media_type, read_codes(file, seen.media_type))
    told = Told(START, note="sent by post", scans=[found])
    assert seen.sha256 in PaperCourier(artifacts, SetTime(START)).confirm(made, told).note
