"""/api/admin: users, sessions, figures and settings, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from flask import request
from pydantic import Field

from ...errors import Invalid
from ...services import present
from ...services.audit import Audited
from ...services.figures import PERIODS
from .._context import request_id, services
from . import bp
from ._request import Body, caller, needs, query


class PageQuery(Body):
    cursor: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class StatsQuery(Body):
    days: Annotated[int, Field(ge=1, le=PERIODS[-1])] = 30


@bp.get("/admin/users")
@needs(admin=True)
def users() -> dict[str, Any]:
    asked = query(PageQuery)
    page = services().store.users.page(limit=asked.limit, cursor=asked.cursor)
    return {"items": [present.user(one) for one in page.items], "next_cursor": page.next_cursor}


@bp.get("/admin/sessions")
@needs(admin=True)
def all_sessions() -> dict[str, Any]:
    asked = query(PageQuery)
    items, following = services().session_overview.page(limit=asked.limit, cursor=asked.cursor)
    return {"items": items, "next_cursor": following}


@bp.get("/admin/stats")
@needs(admin=True)
def stats() -> dict[str, Any]:
    return services().figures.stats(query(StatsQuery).days)


@bp.post("/admin/sessions/<session_id>/restart")
@needs(admin=True)
def restart_session(session_id: str) -> tuple[dict[str, Any], int]:
    return present.session(services().session_administration.restart(session_id, _audited(), request_id())), 202


@bp.post("/admin/sessions/<session_id>/disconnect")
@needs(admin=True)
def disconnect_session(session_id: str) -> dict[str, Any]:
    return present.session(services().session_administration.disconnect(session_id, _audited(), request_id()))


@bp.get("/admin/audit")
@needs(admin=True)
def audit() -> dict[str, Any]:
    asked = query(PageQuery)
    page = services().audit.page(limit=asked.limit, cursor=asked.cursor)
    return {"items": [present.audit_entry(one) for one in page.items], "next_cursor": page.next_cursor}


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
    return services().settings_administration.change(values, _audited()).model_dump()


def _audited() -> Audited:
    return Audited(caller().user, request.remote_addr or "")
