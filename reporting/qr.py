"""The QR code of a brief, as a drawing inside its page."""

from __future__ import annotations

import io

import segno


def qr_svg(url: str, *, title: str) -> str:
    """An inline SVG without a size of its own; printed at 25 mm, phones and scanners from 150 dpi read it.

    Error level M, a quiet zone of four modules; `title` is its alternative text.
    """
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4, title=title
    )
    return drawn.getvalue().decode()
