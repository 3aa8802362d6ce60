"""/api/openapi.json, made from the code. The pages that show it are in `blueprints/reference.py`."""

from __future__ import annotations

from typing import Any

from flask import current_app

from .._answers import answers
from .._context import services
from .._openapi.document import document
from . import bp


@bp.get("/openapi.json")
@answers({200: "application/json"})
def openapi() -> dict[str, Any]:
    """Get this document. OpenAPI 3.1."""
    return _described()


def _described() -> dict[str, Any]:
    """Made once: routes don't change while we run."""
    found: dict[str, Any] = current_app.extensions.setdefault("wabot_openapi", {})
    if not found:
        found.update(document(current_app, services().settings.public_url))
    return found
