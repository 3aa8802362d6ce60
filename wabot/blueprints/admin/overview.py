"""Page: figures and charts of the whole installation."""

from __future__ import annotations

from flask import render_template, request

from ...lib.clock import to_rfc3339
from ...services import present
from .._context import services
from . import bp

_PAGE = 50


@bp.get("")
def overview() -> str:
    page = services().store.users.page(limit=_PAGE, cursor=request.args.get("cursor"))
    users = [{**present.user(one), "created_at": to_rfc3339(one.created_at)} for one in page.items]
    return render_template(
        "admin.html",
        stats=services().figures.overview(),
        users={"items": users, "next_cursor": page.next_cursor},
    )
