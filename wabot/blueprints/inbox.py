"""Pages: the inbox, its chats, and the files in them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from ..errors import NotFound, WabotError
from ..plugins import NavItem
from ..services import present
from ..services.drafts import BODY_LENGTH
from ..services.inbox import Answer
from ..services.session_machine import accepts_messages
from ..store.ids import new_id
from ..store.records import Message
from ..words import N_
from . import _filters
from ._context import login_required, page_user, request_id, services
from ._forms import errors_of, field
from ._limits import SendAllowance
from ._media import media_response

bp = Blueprint("inbox", __name__, url_prefix="/inbox")
_CHATS = 40
_MESSAGES = 50


def _unread() -> int:
    return services().inbox.unread(page_user().id)


NAV = NavItem("Inbox", "inbox.chats", "inbox", order=35, count=_unread)


@bp.get("")
@login_required
def chats() -> str:
    return render_template("inbox.html", **_list(), chat=None)


@bp.get("/unread")
@login_required
def unread() -> dict[str, int]:
    """For the number in the navigation of pages that are open."""
    return {"unread": _unread()}


@bp.get("/<chat_id>")
@login_required
def conversation(chat_id: str) -> Any:
    found = services().inbox.chat(page_user().id, chat_id).chat.id
    if found != chat_id:  # two chats turned out to be one person's
        return redirect(url_for(".conversation", chat_id=found))
    return _conversation(chat_id, {}, {})


@bp.post("/<chat_id>/reply")
@login_required
def reply(chat_id: str) -> Any:
    answer = Answer(field("message"), field("idempotency_key") or None, request_id())
    try:
        services().inbox.reply(page_user().id, chat_id, answer, SendAllowance(page_user()))
    except WabotError as error:
        if error.status == 404:
            raise
        typed = {"message": answer.text, "idempotency_key": answer.idempotency_key or new_id()}
        return _conversation(chat_id, typed, _why(error)), error.status
    return _to_newest(chat_id)


@bp.post("/<chat_id>/read")
@login_required
def read(chat_id: str) -> Any:
    services().inbox.mark_read(page_user().id, chat_id)
    return _to_newest(chat_id)


@bp.get("/media/<message_id>")
@login_required
def media(message_id: str) -> Response:
    file = services().media.open(page_user().id, message_id)
    return media_response(file, download=request.args.get("download") == "1")


@bp.post("/media/<message_id>/fetch")
@login_required
def fetch_media(message_id: str) -> Any:
    try:
        services().media.again(page_user().id, message_id)
        flash("The file is being fetched again.", "success")
    except WabotError as error:
        if error.status == 404:
            raise
        flash(error.detail, "error")
    return redirect(url_for(".conversation", chat_id=field("chat")) if field("chat") else url_for(".chats"))


def _why(error: WabotError) -> dict[str, str]:
    """Beside the answer, whatever it is about: a script shows it there, and nothing else of the page."""
    if error.code == "session_not_connected":
        return {"message": N_("It was not sent: the session is not connected.")}
    return errors_of(error, otherwise="message")


def _to_newest(chat_id: str) -> Any:
    return redirect(url_for(".conversation", chat_id=chat_id, **dict[str, Any](_kept())) + "#newest")


def _kept() -> dict[str, str]:
    """The list's filters, which stay while chats are opened."""
    return {name: value for name in ("q", "session", "unread") if (value := request.args.get(name, "").strip()[:200])}


def _list() -> dict[str, Any]:
    user_id, asked = page_user().id, _kept()
    page = services().inbox.page(
        user_id,
        session=asked.get("session"),
        text=asked.get("q"),
        unread="unread" in asked,
        limit=_CHATS,
        cursor=_filters.place("chats"),
    )
    return {
        "chats": [present.chat(one.chat, one.last) for one in page.items],
        "next_chats": page.next_cursor,
        "filters": asked,
        "sessions": [present.session(one) for one in services().sessions.of_user(user_id)],
    }


def _is_down(user_id: str, name: str) -> bool:
    """Whether nothing would be taken in for this session, not even to wait."""
    try:
        return not accepts_messages(services().sessions.status(user_id, name))
    except NotFound:
        return True


def _conversation(chat_id: str, typed: dict[str, str], errors: dict[str, str]) -> str:
    user_id = page_user().id
    listed = _list()
    page = services().inbox.conversation(user_id, chat_id, limit=_MESSAGES, cursor=_filters.place("before"))
    found = services().inbox.chat(user_id, chat_id)
    return render_template(
        "inbox.html",
        **listed,
        chat=present.chat(found.chat, found.last),
        messages=[_shown(one) for one in reversed(page.items)],
        earlier=page.next_cursor,
        typed=typed or {"message": "", "idempotency_key": new_id()},
        errors=errors,
        longest=BODY_LENGTH,
        session_is_down=_is_down(user_id, found.chat.session),
    )


def _shown(message: Message) -> dict[str, Any]:
    return {"kind": "text", "media": None, "quoted": None, **present.message(message), "day": f"{message.created_at:%Y-%m-%d}"}
