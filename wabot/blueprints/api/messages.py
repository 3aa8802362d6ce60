"""/api/messages: send, list, look at one, take back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import request
from pydantic import Field

from ...lib import phones
from ...services import present
from ...services.messages import Draft
from ...services.sessions import DEFAULT
from ...store.messages import MessageFilter
from .._context import request_id, services
from .._limits import SendAllowance
from .._waiting import until_sent
from . import bp
from ._request import Body, Time, body, caller, needs, query


class Send(Body):
    to: Annotated[str, Field(min_length=1, max_length=64)]
    message: str
    session: Annotated[str, Field(min_length=1, max_length=100)] = DEFAULT
    wait: Annotated[float, Field(ge=0, le=30, strict=False)] = 0
    send_at: Time | None = None


class LogQuery(Body):
    status: Literal["scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "unknown"] | None = None
    to: Annotated[str, Field(max_length=64)] | None = None
    session: Annotated[str, Field(max_length=100)] | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    since: Time | None = None
    until: Time | None = None
    cursor: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@bp.post("/messages/send")
@needs("send")
def send_message() -> tuple[dict[str, Any], int]:
    asked = body(Send)
    draft = Draft(asked.to, asked.message, asked.session, request.headers.get("Idempotency-Key") or None, asked.send_at)
    message, new = services().messages.accept(caller().user.id, draft, request_id(), SendAllowance(caller().user))
    message, sent = until_sent(message, asked.wait)
    return present.message(message), 200 if sent or not new else 202


@bp.get("/messages")
@needs("read")
def list_messages() -> dict[str, Any]:
    asked = query(LogQuery)
    wanted = MessageFilter(
        status=asked.status,
        to=phones.to_e164(asked.to) if asked.to else None,
        session=asked.session,
        text=asked.q,
        since=asked.since,
        until=asked.until,
    )
    page = services().messages.page(caller().user.id, wanted, limit=asked.limit, cursor=asked.cursor)
    return {"items": [present.message(one) for one in page.items], "next_cursor": page.next_cursor}


@bp.get("/messages/<message_id>")
@needs("read")
def one_message(message_id: str) -> dict[str, Any]:
    return present.message(services().messages.one(caller().user.id, message_id), timeline=True)


@bp.post("/messages/<message_id>/cancel")
@needs("send")
def cancel(message_id: str) -> dict[str, Any]:
    return present.message(services().messages.cancel(caller().user.id, message_id), timeline=True)
