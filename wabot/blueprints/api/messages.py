"""/api/messages: send, list, look at one, take back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ...lib import phones
from ...services import present
from ...services.messages import Draft
from ...services.sessions import DEFAULT
from ...store.messages import MessageFilter
from .._answers import answers
from .._context import request_id, services
from .._limits import SendAllowance
from .._shapes import Items
from .._shapes.messages import Message, MessageWithTimeline
from .._waiting import until_sent
from . import bp
from ._request import Body, Cursor, Limit, Time, body, caller, idempotency_key, needs, query


class Send(Body):
    to: str
    """International, with or without `+` or `00`; blanks, dashes and brackets do not matter."""
    message: str
    """The text, 65,536 characters at most."""
    session: Annotated[str, Field(min_length=1, max_length=100)] = DEFAULT
    """Which WhatsApp session sends it."""
    wait: Annotated[float, Field(ge=0, le=30)] = 0
    """So many seconds at most the answer waits for `sent`."""
    send_at: Time | None = None
    """Not before then."""


class LogQuery(Body):
    status: Literal["scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "unknown"] | None = None
    to: Annotated[str, Field(max_length=64)] | None = None
    """A number, whole."""
    session: Annotated[str, Field(max_length=100)] | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    """Words of the message."""
    since: Time | None = None
    """Accepted then or later."""
    until: Time | None = None
    """Accepted before then."""
    cursor: Cursor | None = None
    """`next_cursor` of the page before."""
    limit: Limit = 50


@bp.post("/messages/send")
@needs("send")
@answers(
    {202: Message, 200: Message},
    ["session_not_connected", "invalid_number", "message_too_long", "idempotency_mismatch", "queue_full", "not_found"],
    example={"to": "+12025550143", "message": "Your order is on its way."},
    headers={"Idempotency-Key": "Repeat a request with the same key and body, and it is sent once."},
    sends=True,
)
def send_message() -> tuple[dict[str, Any], int]:
    """Send a message. It is stored before it is answered: 202, or 200 when `wait` seconds were enough to reach `sent`, and for a
    repetition. While a linked session reconnects, messages wait."""
    asked = body(Send)
    draft = Draft(asked.to, asked.message, asked.session, idempotency_key(), asked.send_at)
    message, new = services().messages.accept(caller().user.id, draft, request_id(), SendAllowance(caller().user))
    message, sent = until_sent(message, asked.wait)
    return present.message(message), 200 if sent or not new else 202


@bp.get("/messages")
@needs("read")
@answers({200: Items[Message]}, ["invalid_number"])
def list_messages() -> dict[str, Any]:
    """List what was sent, newest first."""
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
@answers({200: MessageWithTimeline})
def one_message(message_id: str) -> dict[str, Any]:
    """Look at a message, with everything that happened to it."""
    return present.message(services().messages.one(caller().user.id, message_id), timeline=True)


@bp.post("/messages/<message_id>/cancel")
@needs("send")
@answers({200: MessageWithTimeline}, ["too_late"])
def cancel(message_id: str) -> dict[str, Any]:
    """Take back a message that has not gone yet."""
    return present.message(services().messages.cancel(caller().user.id, message_id), timeline=True)
