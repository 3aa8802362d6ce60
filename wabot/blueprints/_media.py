"""Giving out files of messages: a stranger made them, so no browser is led to run or guess anything."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, send_file

from ..services.media import MediaFile

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def media_response(file: MediaFile, *, download: bool) -> Response:
    """Shown in the page when it is one of the few types that may be, else a download; with Range and a lasting ETag."""
    answer = send_file(
        cast(Any, file.path),
        mimetype=file.kind,
        as_attachment=download or not file.shown,
        download_name=file.filename,
        conditional=True,
        etag=file.sha256,
        max_age=0,
    )
    answer.headers.update(_HEADERS)
    return answer
