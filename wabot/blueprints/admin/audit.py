"""Page: the audit log, narrowed down, and taken away as CSV or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, render_template, stream_with_context

from ...errors import Invalid, NotFound
from ...lib import spreadsheet
from ...services.audit import ACTIONS
from ...store.audit import AuditFilter
from ...store.records import Page
from .. import _filters
from .._context import audited, services
from .._forms import errors_of
from .._languages import gettext as _
from . import bp

_PAGE = 50
_COLUMNS = ("at", "actor_id", "actor_email", "action", "target", "target_email", "detail", "address", "id")

Shape = dict[str, Any]


@bp.get("/audit")
def audit() -> Any:
    asked, cursor = _asked(), _filters.place()
    try:
        page = services().audit.page(_filter(asked), limit=_PAGE, cursor=cursor)
    except Invalid as error:
        return _page(asked, Page([], None), errors_of(error)), error.status
    return _page(asked, page, {})


@bp.get("/audit/export.<kind>")
def export(kind: str) -> Response:
    """All that the page would show over all its pages, in chunks while it is read."""
    if kind not in ("csv", "jsonl"):
        raise NotFound
    wanted = _filter(_asked())
    services().audit.note(audited(), "audit.export", target="audit", detail=kind)
    chunks = services().audit.everything(wanted)
    rows = _csv(chunks) if kind == "csv" else _json_lines(chunks)
    kinds = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
    response = Response(stream_with_context(rows), content_type=kinds[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="wabot-audit.{kind}"'
    return response


def _page(asked: dict[str, str], page: Page, errors: dict[str, str]) -> str:
    return render_template(
        "admin_audit.html",
        items=services().audit.shown(page.items),
        next_cursor=page.next_cursor,
        asked=asked,
        errors=errors,
        kept=_kept(asked),
        actions=ACTIONS,
        actions_by_name=[(name, _(words)) for name, words in ACTIONS.items()],
    )


def _asked() -> dict[str, str]:
    return _filters.asked("actor", "target", "action", "since", "until", "zone", most=320)


def _kept(asked: dict[str, str]) -> dict[str, str]:
    """What the address of another page keeps: the zone only with a day."""
    kept = {name: value for name, value in asked.items() if value}
    if not (asked["since"] or asked["until"]):
        kept.pop("zone", None)
    return kept


def _filter(asked: dict[str, str]) -> AuditFilter:
    """Raises Invalid, which names every field that can't be read."""
    return AuditFilter(
        target=_id_of(asked["target"]),
        actor=_id_of(asked["actor"]),
        action=asked["action"] or None,
        **_filters.understood(asked, **_filters.days(asked["zone"])),
    )


def _id_of(typed: str) -> str | None:
    """An account may be named by its address; what is no account's is taken as an id."""
    if "@" not in typed:
        return typed or None
    user = services().accounts.by_email(typed)
    return user.id if user else typed


def _flat(entry: Shape) -> Shape:
    return {**entry, "actor_id": entry["actor"]["id"], "actor_email": entry["actor"]["email"]}


def _csv(chunks: Iterator[list[Shape]]) -> Iterator[str]:
    yield spreadsheet.lines([_COLUMNS])
    for chunk in chunks:
        yield spreadsheet.lines([[_flat(entry)[name] for name in _COLUMNS] for entry in chunk])


def _json_lines(chunks: Iterator[list[Shape]]) -> Iterator[str]:
    for chunk in chunks:
        yield "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in chunk)
