"""Our own files: compressed where that helps, kept by browsers where their name says their version."""

from __future__ import annotations

import gzip
from pathlib import Path

from flask import Flask

STATIC = Path(__file__).parent.parent / "wabot" / "static"


def test_texts_are_compressed_for_those_who_take_it(app: Flask) -> None:
    client = app.test_client()
    plain = client.get("/static/css/app.css", buffered=True)
    small = client.get("/static/css/app.css", headers={"Accept-Encoding": "gzip, br"}, buffered=True)
    assert plain.data == gzip.decompress(small.data) == (STATIC / "css" / "app.css").read_bytes()
    assert small.headers["Content-Encoding"] == "gzip" and len(small.data) < len(plain.data) / 4
    assert "Content-Encoding" not in plain.headers and "Accept-Encoding" in plain.headers["Vary"]
    again = client.get(
        "/static/css/app.css", headers={"Accept-Encoding": "gzip", "If-None-Match": small.headers["ETag"]}, buffered=True
    )
    assert (again.status_code, again.data) == (304, b"")


def test_pages_and_fonts_are_not(app: Flask) -> None:
    client = app.test_client()
    font = next((STATIC / "vendor").glob("inter-*-latin.woff2")).name
    for path in ("/login", f"/static/vendor/{font}"):
        assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip"}, buffered=True).headers
    assert "immutable" in client.get(f"/static/vendor/{font}", buffered=True).headers["Cache-Control"]
