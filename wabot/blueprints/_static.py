"""Static files: text is compressed, and browsers keep files with their version in the name for good.

Pages are not compressed: if an attacker can make a page repeat some text, its compressed length gives away secrets beside it (BREACH).
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, request

_COMPRESSED = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})
_VERSIONED = "vendor/"
_FOR_GOOD = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    app.after_request(_prepare)


def _prepare(response: Response) -> Response:
    if request.endpoint != "static":
        return response
    if response.status_code == 200 and (request.view_args or {}).get("filename", "").startswith(_VERSIONED):
        response.headers["Cache-Control"] = _FOR_GOOD
    if response.mimetype in _COMPRESSED:
        response.vary.add("Accept-Encoding")
        if response.status_code == 200 and request.accept_encodings["gzip"]:
            _compress(response)
    return response


def _compress(response: Response) -> None:
    response.direct_passthrough = False
    response.set_data(_squeezed(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)


@lru_cache(64)
def _squeezed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
