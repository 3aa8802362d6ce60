"""Page for administrators: figures, users, sessions."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from ..errors import Forbidden
from ..lib.clock import to_rfc3339
from ..plugins import NavItem
from ..services import present
from ._context import login_required, page_user, services

bp = Blueprint("admin", __name__, url_prefix="/admin")
NAV = NavItem("Admin", "admin.overview", "admin", order=90, admin=True)
_PAGE = 50


@bp.before_request
@login_required
def _admins_only() -> None:
    if not page_user().is_admin:
        raise Forbidden("Only administrators see this page.")


@bp.get("")
def overview() -> str:
    page = services().store.users.page(limit=_PAGE, cursor=request.args.get("cursor"))
    users = [{**present.user(one), "created_at": to_rfc3339(one.created_at)} for one in page.items]
    return render_template(
        "admin.html",
        stats=services().figures.overview(),
        users={"items": users, "next_cursor": page.next_cursor},
        sessions=services().figures.sessions(),
    )
