"""The QR code at the foot of each page."""

import io

import segno


def svg(link: str) -> str:
    """Give the code as an SVG picture with its quiet zone, error correction M."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False, boost_error=False).save(out, kind="svg", xmldecl=False, border=2)
    return out.getvalue().decode("utf-8")


def png(link: str, scale: int = 6) -> bytes:
    """Give the code as a PNG picture with its quiet zone, `scale` pixels a module."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False, boost_error=False).save(out, kind="png", scale=scale, border=2)
    return out.getvalue()
