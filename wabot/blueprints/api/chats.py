"""/api/chats: the inbox; and the files of messages."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response
from pydantic import Field

from ...services import present
from .._answers import answers
from .._context import services
from .._media import media_response
from .._shapes import Items
from .._shapes.messages import Chat, Message
from . import bp
from ._request import Body, Cursor, Limit, PageQuery, caller, needs, query


class ChatsQuery(Body):
    session: Annotated[str, Field(max_length=100)] | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    unread: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


@bp.get("/chats")
@needs("read")
@answers({200: Items[Chat]})
def list_chats() -> dict[str, Any]:
    """List the chats, newest message first."""
    asked = query(ChatsQuery)
    page = services().inbox.page(
        caller().user.id,
        session=asked.session,
        text=asked.q,
        unread=asked.unread,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    return {"items": [present.chat(one.chat, one.last) for one in page.items], "next_cursor": page.next_cursor}


@bp.get("/chats/<chat_id>")
@needs("read")
@answers({200: Chat})
def one_chat(chat_id: str) -> dict[str, Any]:
    """Get a chat."""
    found = services().inbox.chat(caller().user.id, chat_id)
    return present.chat(found.chat, found.last)


@bp.get("/chats/<chat_id>/messages")
@needs("read")
@answers({200: Items[Message]})
def chat_messages(chat_id: str) -> dict[str, Any]:
    """List the messages of a chat, newest first."""
    asked = query(PageQuery)
    page = services().inbox.conversation(caller().user.id, chat_id, limit=asked.limit, cursor=asked.cursor)
    return {"items": [present.message(one) for one in page.items], "next_cursor": page.next_cursor}


@bp.post("/chats/<chat_id>/read")
@needs("read")
@answers({200: Chat})
def read_chat(chat_id: str) -> dict[str, Any]:
    """Mark a chat as read, also in WhatsApp where that works."""
    found = services().inbox.mark_read(caller().user.id, chat_id)
    return present.chat(found.chat, found.last)


@bp.get("/messages/<message_id>/media")
@needs("read")
@answers(
    {200: "*/*", 206: "*/*", 304: None},
    [
        "media_pending",
        "media_missing",
        "media_too_large",
        "media_gone",
        "media_quota",
        "media_unavailable",
        "requested_range_not_satisfiable",
    ],
)
def message_media(message_id: str) -> Response:
    """Get the file of a message. It supports `Range` and has a lasting `ETag`. What a browser can't show safely is sent as a
    download of unknown type."""
    return media_response(services().media.open(caller().user.id, message_id), download=False)


@bp.post("/messages/<message_id>/media/fetch")
@needs("read")
@answers({202: Message}, ["media_stored"])
def fetch_media(message_id: str) -> tuple[dict[str, Any], int]:
    """Try again to fetch the file of a message."""
    return present.message(services().media.again(caller().user.id, message_id)), 202
