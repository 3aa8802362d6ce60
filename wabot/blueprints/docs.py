"""Pages: the documents of docs/, read in the product."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, send_from_directory

from ..errors import NotFound
from ..plugins import NavItem
from ._markdown import Rendered, page

bp = Blueprint("docs", __name__, url_prefix="/docs")
NAV = NavItem("Docs", "docs.index", "book-open", order=85)
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,60}")


@bp.get("")
def index() -> str:
    return render_template("docs.html", document=_read("README"), name="README")


@bp.get("/<name>")
def document(name: str) -> str:
    return render_template("docs.html", document=_read(name if _NAME.fullmatch(name) else ""), name=name)


@bp.get("/images/<path:name>", defaults={"folder": "images"})
@bp.get("/screenshots/<path:name>", defaults={"folder": "screenshots"})
def picture(folder: str, name: str) -> Any:
    answer = send_from_directory(DOCUMENTS / folder, name, max_age=3600)
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@cache
def _read(name: str) -> Rendered:
    """As many as there are files; they don't change while we run. Raises NotFound."""
    path = DOCUMENTS / f"{name}.md"
    if not name or not path.is_file():
        raise NotFound("There is no such document.")
    return page(path.read_text(encoding="utf-8"))
