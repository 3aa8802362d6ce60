"""Our own files: compressed where that helps, kept by browsers where their name says their version."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from flask import Flask

WABOT = Path(__file__).parent.parent / "wabot"
STATIC = WABOT / "static"


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


def pages() -> str:
    """Everything that makes them, in one text."""
    made_by = [("templates", "*.html"), ("static/js", "*.js"), ("blueprints", "*.py"), ("services", "*.py")]
    return "\n".join(one.read_text() for room, kind in made_by for one in (WABOT / room).rglob(kind))


def test_no_icon_is_served_that_no_page_shows() -> None:
    shown, named = pages(), json.loads((WABOT / "assets" / "icons.json").read_text())
    assert [one for one in named if not re.search(rf"[\"'#]{one}[\"'.]", shown)] == []


def test_no_part_is_drawn_that_no_page_has() -> None:
    """Classes of our own; the stylesheet's utilities are made from the pages themselves."""
    used = pages()
    unused = []
    for path in (WABOT / "assets" / "css").glob("*.css"):
        text = re.sub(r"/\*.*?\*/|url\([^)]*\)", "", path.read_text(), flags=re.DOTALL)
        for name in set(re.findall(r"\.([a-zA-Z][\w-]+)", text)):
            if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", used):
                unused.append(f"{path.name}: .{name}")
    assert unused == []
