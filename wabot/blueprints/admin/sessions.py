"""Page: every session, narrowed down and acted upon."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from ...errors import WabotError
from ...lib import phones
from ...store.records import Session
from .. import _filters, _versions
from .._context import audited, request_id, services
from .._languages import gettext as _
from . import bp

_PAGE = 50
_STATES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "connected": lambda one: one["status"] == "connected",
    "trouble": lambda one: one["status"] in ("failed", "reconnecting") or (one["status"] == "connected" and one["reason"]),
    "linking": lambda one: one["status"] in ("starting", "qr", "pairing", "authenticating"),
    "off": lambda one: one["status"] == "disconnected",
}
"""What the list of sessions can be narrowed to."""


@bp.get("/sessions")
def sessions() -> str:
    return render_template("admin_sessions.html", **_sessions())


@bp.get("/sessions/list")
def session_list() -> str:
    """The part of the page that changes, alone."""
    return render_template("_admin_sessions.html", **_sessions())


@bp.post("/sessions/<session_id>/restart")
def restart(session_id: str) -> Any:
    def work() -> str:
        session = services().session_administration.restart(session_id, audited(), request_id())
        return _("“%(name)s” is being restarted; its login is kept.", name=session.name)

    return _done(work)


@bp.post("/sessions/<session_id>/disconnect")
def disconnect(session_id: str) -> Any:
    def work() -> str:
        session: Session = services().session_administration.disconnect(session_id, audited(), request_id())
        return _("“%(name)s” is logged out of WhatsApp; its owner has to link it again.", name=session.name)

    return _done(work)


def _done(work: Callable[[], str]) -> Any:
    """Do it, say what came of it, and go back to the list as it was narrowed down."""
    try:
        flash(work(), "success")
    except WabotError as error:
        flash(_(error.detail), "error")
    return redirect(url_for(".sessions", **_kept()))


def _kept() -> dict[str, Any]:
    """How the list was narrowed down, to come back to it."""
    return {name: value for name in ("state", "q", "page") if (value := request.args.get(name))}


def _sessions() -> dict[str, Any]:
    """What the list shows: those of one state that contain the text looked for, in pages."""
    everyone = services().session_overview.everything()
    typed = _filters.asked("state", "q", most=100)
    state, text = _filters.understood(typed, state=_filters.one_of(_STATES))["state"] or "", typed["q"]
    found = sorted((one for one in everyone if _matches(one, text)), key=_rank)
    shown = [one for one in found if not state or _STATES[state](one)]
    page = _page_number(len(shown))
    return {
        "counts": {"": len(found)} | {name: sum(bool(is_so(one)) for one in found) for name, is_so in _STATES.items()},
        "sessions": shown[(page - 1) * _PAGE : page * _PAGE],
        "kept": _kept(),
        "asked": {"state": state, "q": text},
        "pages": {"now": page, "last": _pages(len(shown))},
        "versions": _versions.by_version(everyone),
    }


def _rank(session: dict[str, Any]) -> int:
    """What needs somebody first, what rests last."""
    return 0 if _STATES["trouble"](session) else 2 if _STATES["off"](session) else 1


def _matches(session: dict[str, Any], text: str) -> bool:
    """By name, owner's address or phone, however that is written."""
    words = f"{session['session']} {session['user']['email']}".casefold()
    digits = phones.digits_of(text)
    return text.casefold() in words or bool(digits and digits in (session["phone"] or ""))


def _pages(count: int) -> int:
    return max(1, math.ceil(count / _PAGE))


def _page_number(count: int) -> int:
    asked = request.args.get("page", "1")
    return min(max(1, int(asked)), _pages(count)) if asked.isdecimal() and len(asked) < 6 else 1
