"""What somebody wants sent, the checks it must pass, and the message that is made of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..errors import Invalid
from ..lib.clock import now
from ..store.ids import new_id
from ..store.records import Message, Session
from ..words import Text
from .sessions import DEFAULT

BODY_LENGTH = 65_536
"""Characters as JavaScript counts them, and so WhatsApp Web: an emoji is two or more. Longer texts are cut there."""
FURTHEST = timedelta(days=366)
"""How far ahead a message may be scheduled. One that lies in the past goes at once."""
_KEY_LENGTH = 255


@dataclass(frozen=True)
class Draft:
    """What a caller wants sent, as typed."""

    to: str
    message: str
    session: str = DEFAULT
    idempotency_key: str | None = None
    send_at: datetime | None = None


def check_body(text: str) -> None:
    """Raises Invalid, also `message_too_long`."""
    if not text.strip():
        raise Invalid.field("message", "is empty")
    try:
        length = len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError as error:
        raise Invalid.field("message", "contains half of a surrogate pair, which is not a character") from error
    if length > BODY_LENGTH:
        raise Invalid.field("message", Text("is longer than %(most)s characters", most=str(BODY_LENGTH)), code="message_too_long")


def check_key(key: str | None) -> None:
    """Raises Invalid."""
    if key and len(key) > _KEY_LENGTH:
        raise Invalid.field("idempotency_key", Text("is longer than %(most)s characters", most=str(_KEY_LENGTH)))


def check_time(send_at: datetime | None) -> None:
    """Raises Invalid."""
    if send_at and send_at > now() + FURTHEST:
        raise Invalid.field("send_at", Text("lies more than %(days)s days ahead", days=FURTHEST.days))


def wa_message_id(message_id: str) -> str:
    """The WhatsApp id we choose: `3EB0` and 18 hex digits, as WhatsApp Web makes them, always the same for a message."""
    return "3EB0" + hashlib.sha256(b"wabot:" + message_id.encode()).hexdigest()[:18].upper()


def new_message(user_id: str, session: Session, to: str, draft: Draft, correlation_id: str) -> Message:
    """What the draft becomes, for `to` in E.164; not stored yet."""
    moment = now()
    message_id = new_id()
    status = "scheduled" if draft.send_at and draft.send_at > moment else "queued"
    return Message(
        id=message_id,
        user_id=user_id,
        session_id=session.id,
        session=session.name,
        network=session.network,
        direction="out",
        to=to,
        from_=session.phone or session.switched_from,
        message=draft.message,
        status=status,
        send_at=draft.send_at if status == "scheduled" else None,
        created_at=moment,
        updated_at=moment,
        wa_message_id=wa_message_id(message_id),
        idempotency_key=draft.idempotency_key,
        correlation_id=correlation_id,
        timeline=[{"status": status, "at": moment}],
    )


def with_id(message: Message, message_id: str) -> Message:
    return replace(message, id=message_id, wa_message_id=wa_message_id(message_id))


def fingerprint(to: str, draft: Draft) -> str:
    """Of what was asked for, as it was: whether `send_at` is past by now makes no other request."""
    body = json.dumps([to, draft.message, draft.session, draft.send_at and draft.send_at.isoformat()])
    return hashlib.sha256(body.encode()).hexdigest()
