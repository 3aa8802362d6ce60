"""/api/admin: sessions, figures, settings and the audit log, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ...services import present
from ...services.figures import PERIODS
from ...store.audit import AuditFilter
from .._answers import answers
from .._context import request_id, services
from .._shapes import Items
from .._shapes.admin import AuditEntry, CurrentSettings, Stats
from .._shapes.whatsapp import ManagedSession, Session
from . import bp
from ._request import Body, PageQuery, Time, audited, body_alone, needs, query


class AuditQuery(PageQuery):
    actor: Annotated[str, Field(max_length=100)] | None = None
    target: Annotated[str, Field(max_length=100)] | None = None
    action: Annotated[str, Field(max_length=100)] | None = None
    since: Time | None = None
    until: Time | None = None


class StatsQuery(Body):
    days: Annotated[int, Field(ge=1, le=PERIODS[-1])] = 30


@bp.get("/admin/sessions")
@needs(admin=True)
@answers({200: Items[ManagedSession]})
def all_sessions() -> dict[str, Any]:
    """List every session, newest first."""
    asked = query(PageQuery)
    items, following = services().session_overview.page(limit=asked.limit, cursor=asked.cursor)
    return {"items": items, "next_cursor": following}


@bp.get("/admin/stats")
@needs(admin=True)
@answers({200: Stats})
def stats() -> dict[str, Any]:
    """Get the figures. They are read from counters, and at most three seconds old."""
    return services().figures.stats(query(StatsQuery).days)


@bp.post("/admin/sessions/<session_id>/restart")
@needs(admin=True)
@answers({202: Session}, ["session_off", "gateway_unavailable"])
def restart_session(session_id: str) -> tuple[dict[str, Any], int]:
    """Restart a session. Its browser is replaced; the login at WhatsApp is kept."""
    return present.session(services().session_administration.restart(session_id, audited(), request_id())), 202


@bp.post("/admin/sessions/<session_id>/disconnect")
@needs(admin=True)
@answers({200: Session}, ["gateway_unavailable"])
def disconnect_session(session_id: str) -> dict[str, Any]:
    """Log a session out of WhatsApp."""
    return present.session(services().session_administration.disconnect(session_id, audited(), request_id()))


@bp.get("/admin/audit")
@needs(admin=True)
@answers({200: Items[AuditEntry]})
def audit() -> dict[str, Any]:
    """Read the audit log, newest first. `actor` and `target` are ids."""
    asked = query(AuditQuery)
    wanted = AuditFilter(asked.target, asked.actor, asked.action, asked.since, asked.until)
    page = services().audit.page(wanted, limit=asked.limit, cursor=asked.cursor)
    return {"items": services().audit.shown(page.items), "next_cursor": page.next_cursor}


@bp.get("/admin/settings")
@needs(admin=True)
@answers({200: CurrentSettings})
def settings() -> dict[str, Any]:
    """Get the settings."""
    return services().preferences.current().model_dump()


@bp.put("/admin/settings")
@needs(admin=True)
@answers({200: CurrentSettings}, takes=CurrentSettings)
def change_settings() -> dict[str, Any]:
    """Change the settings. Takes the object that GET returns; what is left out stays. It takes effect with the next request."""
    return services().settings_administration.change(body_alone(), audited()).model_dump()
