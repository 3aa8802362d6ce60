"""/api/chats: the inbox; and the files of messages."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response
from pydantic import Field

from ...services import present
from .._context import services
from .._media import media_response
from . import bp
from ._request import Body, caller, needs, query

Cursor = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
Limit = Annotated[int, Field(ge=1, le=200)]


class ChatsQuery(Body):
    session: Annotated[str, Field(max_length=100)] | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    unread: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class PageQuery(Body):
    cursor: Cursor | None = None
    limit: Limit = 50


@bp.get("/chats")
@needs("read")
def list_chats() -> dict[str, Any]:
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
def one_chat(chat_id: str) -> dict[str, Any]:
    found = services().inbox.chat(caller().user.id, chat_id)
    return present.chat(found.chat, found.last)


@bp.get("/chats/<chat_id>/messages")
@needs("read")
def chat_messages(chat_id: str) -> dict[str, Any]:
    asked = query(PageQuery)
    page = services().inbox.conversation(caller().user.id, chat_id, limit=asked.limit, cursor=asked.cursor)
    return {"items": [present.message(one) for one in page.items], "next_cursor": page.next_cursor}


@bp.post("/chats/<chat_id>/read")
@needs("read")
def read_chat(chat_id: str) -> dict[str, Any]:
    found = services().inbox.mark_read(caller().user.id, chat_id)
    return present.chat(found.chat, found.last)


@bp.get("/messages/<message_id>/media")
@needs("read")
def message_media(message_id: str) -> Response:
    return media_response(services().media.open(caller().user.id, message_id), download=False)


@bp.post("/messages/<message_id>/media/fetch")
@needs("read")
def fetch_media(message_id: str) -> tuple[dict[str, Any], int]:
    return present.message(services().media.again(caller().user.id, message_id)), 202
