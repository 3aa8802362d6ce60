"""Pages for administrators: one module a page. Whoever isn't one gets 403, a stranger the login page."""

from __future__ import annotations

from flask import Blueprint

from ...errors import Forbidden
from ...plugins import NavItem
from .._context import login_required, page_user

bp = Blueprint("admin", __name__, url_prefix="/admin")
NAV = NavItem("Admin", "admin.overview", "admin", order=90, admin=True)


@bp.before_request
@login_required
def _admins_only() -> None:
    if not page_user().is_admin:
        raise Forbidden("Only administrators see this page.")


from . import audit, overview, sessions, settings, users  # noqa: E402, F401  # each adds its pages to bp
