"""What every page's template finds: navigation, the user, and the settings that decide what is shown."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request, url_for
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from .. import __version__
from ..lib import phones
from ..lib.clock import duration_for_people, to_rfc3339
from ..plugins import NavItem
from ..services import engines
from ._context import services
from ._languages import gettext as _
from ._marks import in_a_line, marked


def init_app(app: Flask, items: list[NavItem]) -> None:
    def context() -> dict[str, Any]:
        known = current_user.is_authenticated
        return {
            "nav": _navigation([item for item in items if known and _visible(item)]),
            "sandbox_offered": services().settings.sandbox,
            "way_back": way_back,
            "viewing_as": _viewed() if known else None,
            "must_change_password": known and current_user.user.must_change_password,
            "asset_version": __version__,
        }

    app.context_processor(context)
    app.add_template_filter(phones.for_people, "phone")
    app.add_template_filter(duration_for_people, "duration")
    app.add_template_filter(marked, "marked")
    app.add_template_filter(in_a_line, "in_a_line")
    app.add_template_filter(engines.title_of, "engine")


def page_above(path: str) -> str:
    """The nearest page there is at or above an address, which may take forms alone: `/keys` for `/keys/<id>/revoke`."""
    addresses = current_app.url_map.bind("")
    while path != "/":
        try:
            addresses.match(path, "GET")
        except HTTPException:
            path = path.rpartition("/")[0] or "/"
        else:
            return path
    return path


def way_back() -> str:
    """Where to go when what the present page shows is gone: to the page itself without what it was asked for, or to the one above."""
    return request.path if request.query_string else page_above(request.path.rpartition("/")[0] or "/")


def _viewed() -> dict[str, str] | None:
    """Whom an administrator views as, and until when."""
    view = current_user.view
    return {"email": current_user.email, "until": to_rfc3339(view.until)} if view else None


def _visible(item: NavItem) -> bool:
    return (not item.admin or current_user.is_admin) and (not item.sandbox or services().settings.sandbox)


def _navigation(items: list[NavItem]) -> list[dict[str, Any]]:
    """The links; where one is, is the longest address that leads here: /messages/new lies below /messages too."""
    links: list[dict[str, Any]] = [
        {"label": _(item.label), "url": url_for(item.endpoint), "icon": item.icon, "count": item.count and item.count()}
        for item in items
    ]
    leading = [link["url"] for link in links if request.path == link["url"] or request.path.startswith(link["url"] + "/")]
    here = max(leading, key=len, default=None)
    return [{**link, "active": link["url"] == here} for link in links]
