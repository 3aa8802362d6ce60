"""Page: the audit log."""

from __future__ import annotations

from flask import render_template, request

from ...services import present
from .._context import services
from . import bp

_PAGE = 50


@bp.get("/audit")
def audit() -> str:
    page = services().audit.page(limit=_PAGE, cursor=request.args.get("cursor"))
    items = [present.audit_entry(one) for one in page.items]
    return render_template("admin_audit.html", items=items, next_cursor=page.next_cursor)
