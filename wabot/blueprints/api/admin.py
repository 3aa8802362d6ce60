"""/api/admin: users, sessions, figures and settings, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from flask import request
from pydantic import Field

from ...errors import Invalid
from ...services import present
from .._context import services
from . import bp
from ._request import Body, needs, query


class PageQuery(Body):
    cursor: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@bp.get("/admin/users")
@needs(admin=True)
def users() -> dict[str, Any]:
    asked = query(PageQuery)
    page = services().store.users.page(limit=asked.limit, cursor=asked.cursor)
    return {"items": [present.user(one) for one in page.items], "next_cursor": page.next_cursor}


@bp.get("/admin/sessions")
@needs(admin=True)
def all_sessions() -> dict[str, Any]:
    return {"items": services().figures.sessions(), "next_cursor": None}


@bp.get("/admin/settings")
@needs(admin=True)
def settings() -> dict[str, Any]:
    return services().preferences.current().model_dump()


@bp.put("/admin/settings")
@needs(admin=True)
def change_settings() -> dict[str, Any]:
    values = request.get_json(silent=True)
    if not isinstance(values, dict):
        raise Invalid("The body must be a JSON object.")
    return services().preferences.replace(values).model_dump()
