"""Light or dark: by the system's choice, or by the one a person made here, which a cookie keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, redirect, request

from ._context import services
from ._forms import field, local_path

bp = Blueprint("theme", __name__)

THEMES = {"light": "wabot", "dark": "wabot-dark"}
"""What a person may choose → its name in the stylesheet. Without a choice the system's holds."""
_COOKIE = "wabot_theme"
_KEPT = timedelta(days=365)


def init_app(app: Flask) -> None:
    app.context_processor(lambda: {"theme": _chosen()})


@bp.post("/theme")
def choose() -> Any:
    """Without a script; with one js/theme.js writes the same cookie."""
    response = redirect(local_path(field("next"), "/"))
    if field("theme") in THEMES:
        secure = services().settings.production
        response.set_cookie(_COOKIE, field("theme"), max_age=_KEPT, samesite="Lax", secure=secure)
    else:
        response.delete_cookie(_COOKIE)
    return response


def _chosen() -> dict[str, str | None]:
    """{choice, name}: `system`, `light` or `dark`, and the stylesheet's name for it."""
    kept = request.cookies.get(_COOKIE, "")
    return {"choice": kept if kept in THEMES else "system", "name": THEMES.get(kept)}
