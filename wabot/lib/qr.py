"""QR codes as pictures. The text of a login QR is a secret until it expires: never log or cache it."""

from __future__ import annotations

import io

import segno

_QUIET_ZONE = 4
"""Modules of white around the code, the least ISO/IEC 18004 asks for."""


def svg(text: str) -> str:
    """An inline `<svg>` with a white ground (it must scan in dark mode, too), sized by its container."""
    buffer = io.BytesIO()
    _code(text).save(
        buffer, kind="svg", border=_QUIET_ZONE, light="#fff", xmldecl=False, svgns=True, omitsize=True, svgclass=None
    )
    return buffer.getvalue().decode()


def png(text: str, scale: int = 6) -> bytes:
    """PNG bytes; `scale` is the pixels a module takes."""
    buffer = io.BytesIO()
    _code(text).save(buffer, kind="png", border=_QUIET_ZONE, scale=scale)
    return buffer.getvalue()


def data_uri(text: str) -> str:
    """`data:image/png;base64,…`."""
    return _code(text).png_data_uri(border=_QUIET_ZONE, scale=6)


def _code(text: str) -> segno.QRCode:
    return segno.make(text, error="m", micro=False)
