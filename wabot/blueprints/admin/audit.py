"""Page: the audit log, narrowed down, and taken away as CSV or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any

from flask import Response, flash, render_template, request, stream_with_context

from ...errors import NotFound
from ...lib import spreadsheet
from ...services.audit import ACTIONS
from ...store.audit import AuditFilter
from .._context import audited, services
from .._languages import gettext as _
from . import bp

_PAGE = 50
_COLUMNS = ("at", "actor_id", "actor_email", "action", "target", "target_email", "detail", "address", "id")

Shape = dict[str, Any]


@bp.get("/audit")
def audit() -> str:
    asked = _asked()
    page = services().audit.page(_filter(asked), limit=_PAGE, cursor=request.args.get("cursor"))
    return render_template(
        "admin_audit.html",
        items=services().audit.shown(page.items),
        next_cursor=page.next_cursor,
        asked=asked,
        kept={name: value for name, value in asked.items() if value},
        actions=ACTIONS,
        actions_by_name=[(name, _(words)) for name, words in ACTIONS.items()],
    )


@bp.get("/audit/export.<kind>")
def export(kind: str) -> Response:
    """All that the page would show over all its pages, in chunks while it is read."""
    if kind not in ("csv", "jsonl"):
        raise NotFound
    services().audit.note(audited(), "audit.export", target="audit", detail=kind)
    chunks = services().audit.everything(_filter(_asked()))
    rows = _csv(chunks) if kind == "csv" else _json_lines(chunks)
    kinds = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
    response = Response(stream_with_context(rows), content_type=kinds[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="wabot-audit.{kind}"'
    return response


def _asked() -> dict[str, str]:
    """What isn't a date is left out, and said."""
    asked = {name: request.args.get(name, "").strip()[:320] for name in ("actor", "target", "action", "since", "until")}
    for name in ("since", "until"):
        if asked[name] and not _day(asked[name]):
            flash(_("“%(typed)s” is not a date such as 2030-12-31: it was left out.", typed=asked[name][:20]), "warning")
            asked[name] = ""
    return asked


def _filter(asked: dict[str, str]) -> AuditFilter:
    """Dates are whole days in UTC."""
    until = _day(asked["until"])
    return AuditFilter(
        target=_id_of(asked["target"]),
        actor=_id_of(asked["actor"]),
        action=asked["action"] or None,
        since=_day(asked["since"]),
        until=until + timedelta(days=1) if until else None,
    )


def _id_of(typed: str) -> str | None:
    """An account may be named by its address; what is no account's is taken as an id."""
    if "@" not in typed:
        return typed or None
    user = services().store.users.by_email(typed.lower())
    return user.id if user else typed


def _day(typed: str) -> datetime | None:
    if not typed:
        return None
    try:
        day = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
        return day if day.year < MAXYEAR else None  # its last day has no end
    except ValueError:
        return None


def _flat(entry: Shape) -> Shape:
    return {**entry, "actor_id": entry["actor"]["id"], "actor_email": entry["actor"]["email"]}


def _csv(chunks: Iterator[list[Shape]]) -> Iterator[str]:
    yield spreadsheet.lines([_COLUMNS])
    for chunk in chunks:
        yield spreadsheet.lines([[_flat(entry)[name] for name in _COLUMNS] for entry in chunk])


def _json_lines(chunks: Iterator[list[Shape]]) -> Iterator[str]:
    for chunk in chunks:
        yield "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in chunk)
