"""/api/messages: send, list, get one, cancel."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ...errors import NotFound
from ...lib import phones
from ...services import present
from ...services.drafts import Draft
from ...services.sessions import DEFAULT
from ...store.messages import MessageFilter
from .._answers import answers
from .._context import request_id, services
from .._limits import SendAllowance
from .._shapes import Items
from .._shapes.messages import Message, MessageWithTimeline, Outlook
from .._waiting import one_of_few, until_sent
from . import bp
from ._request import Body, Cursor, Limit, Time, body, caller, idempotency_key, needs, query


class Send(Body):
    to: str
    """A number in international form, with or without `+` or `00`; spaces, dashes and brackets don't matter."""
    message: str
    """The text, at most 65,536 characters; an emoji takes two or more of them."""
    session: Annotated[str, Field(min_length=1, max_length=100)] = DEFAULT
    """Which WhatsApp session sends it."""
    wait: Annotated[float, Field(ge=0, le=30)] = 0
    """How many seconds the answer may wait for `sent`."""
    send_at: Time | None = None
    """The earliest time to send it."""


class DryRun(Body):
    to: str
    """A number in international form, as for sending."""
    message: Annotated[str, Field(min_length=1)] | None = None
    """Its text, if that is to be checked, too."""
    session: Annotated[str, Field(min_length=1, max_length=100)] = DEFAULT
    """Which WhatsApp session would send it."""
    send_at: Time | None = None
    """The earliest time to send it."""


class LogQuery(Body):
    status: Literal["scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "unknown"] | None = None
    to: Annotated[str, Field(max_length=64)] | None = None
    """A complete number."""
    session: Annotated[str, Field(max_length=100)] | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    """Part of the message's text."""
    since: Time | None = None
    """Accepted at this time or later."""
    until: Time | None = None
    """Accepted before this time."""
    cursor: Cursor | None = None
    """`next_cursor` of the page before."""
    limit: Limit = 50


@bp.post("/messages/send")
@needs("send")
@answers(
    {202: Message, 200: Message},
    ["session_not_connected", "invalid_number", "message_too_long", "idempotency_mismatch", "queue_full", "not_found"],
    example={"to": "+12025550143", "message": "Your order is on its way."},
    headers={"Idempotency-Key": "A repeated request with the same key and body is sent only once."},
    sends=True,
)
def send_message() -> tuple[dict[str, Any], int]:
    """Send a message. It is stored before this is answered: with 202, or with 200 if it was sent within `wait` seconds or is a
    repetition. While a linked session is reconnecting, messages wait."""
    asked = body(Send)
    draft = Draft(asked.to, asked.message, asked.session, idempotency_key(), asked.send_at)
    message, new = services().messages.accept(caller().user.id, draft, request_id(), SendAllowance(caller().user))
    message, sent = until_sent(message, asked.wait)
    return present.message(message), 200 if sent or not new else 202


@bp.post("/messages/dry-run")
@needs("send")
@answers(
    {200: Outlook},
    ["session_not_connected", "invalid_number", "message_too_long", "not_found", "gateway_unavailable"],
    example={"to": "+12025550143"},
)
def dry_run() -> dict[str, Any]:
    """Check a number, or a whole message, without sending anything. WhatsApp is asked whether it knows the number, so the session
    must be connected just now, and the call counts as a message in the limits."""
    asked = body(DryRun)
    draft = Draft(asked.to, asked.message or "", asked.session, send_at=asked.send_at)
    with one_of_few(caller().user.id):
        found = services().dry_run.run(caller().user.id, draft, request_id(), SendAllowance(caller().user))
    return {
        "to": found.message.to,
        "session": found.message.session,
        "on_whatsapp": found.on_whatsapp,
        "waits": present.wait(found.wait),
    }


@bp.get("/messages")
@needs("read")
@answers({200: Items[Message]}, ["invalid_number"])
def list_messages() -> dict[str, Any]:
    """List sent messages, newest first."""
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
    """Get a message, with its timeline."""
    if message_id in ("send", "dry-run"):
        raise NotFound("There is no such message. To send one, use POST: a GET of this address reads.")
    return present.message(services().messages.one(caller().user.id, message_id), timeline=True)


@bp.post("/messages/<message_id>/cancel")
@needs("send")
@answers({200: MessageWithTimeline}, ["too_late"])
def cancel(message_id: str) -> dict[str, Any]:
    """Cancel a message that has not been sent yet."""
    return present.message(services().messages.cancel(caller().user.id, message_id), timeline=True)
