"""Records as the outside sees them: the shapes of the HTTP API, of Socket.IO and of webhooks, made in one place."""

from __future__ import annotations

from typing import Any

from ..lib import devices
from ..lib.clock import now, optional_rfc3339, to_rfc3339
from ..store.records import ApiKey, Chat, Login, Message, Session, User
from . import timeline as timeline_of
from .message_machine import WAITING
from .pacing import Wait
from .reasons import WAITS, session_reason
from .session_machine import as_of

Shape = dict[str, Any]
_NOT_HANDED_OVER = WAITING | {"cancelled"}


def user(record: User) -> Shape:
    return {"id": record.id, "email": record.email, "name": record.name, "role": record.role}


def user_for_admin(record: User) -> Shape:
    """The user object, and what only administrators see."""
    return {
        **user(record),
        "disabled": record.disabled,
        "invited": record.invited,
        "erasing": record.erasing_at is not None,
        "second_factor": record.has_second_factor,
        "limits": record.limits,
        "created_at": to_rfc3339(record.created_at),
    }


def session(record: Session) -> Shape:
    """The session object, as may be claimed at this moment."""
    shown = as_of(record, now())
    return {
        "session": shown.name,
        "status": shown.status,
        "reason": session_reason(shown.reason, shown.missing),
        "engine": shown.engine,
        "network": shown.network,
        "phone": shown.phone,
        "push_name": shown.push_name,
        "since": optional_rfc3339(shown.since),
        "observed_at": optional_rfc3339(shown.observed_at),
        "qr_expires_at": optional_rfc3339(shown.qr_expires_at),
        "pairing_code": shown.pairing_code,
    }


def message(record: Message, *, timeline: bool = False) -> Shape:
    """The message object; the timeline only where one message is asked for."""
    shape: Shape = {
        "id": record.id,
        "session": record.session,
        "direction": record.direction,
        "to": record.to,
        "from": record.from_,
        "message": record.message,
        "status": record.status,
        "error": record.error if record.status == "failed" else None,
        "wa_message_id": None if record.status in _NOT_HANDED_OVER else record.wa_message_id,
        "created_at": to_rfc3339(record.created_at),
        "updated_at": to_rfc3339(record.updated_at),
        "idempotency_key": record.idempotency_key,
    }
    if record.send_at:
        shape["send_at"] = to_rfc3339(record.send_at)
    if record.peer:
        shape.update(_told(record))
    if timeline:
        shape["timeline"] = timeline_of.for_api(record)
    return shape


def _told(record: Message) -> Shape:
    """What only messages have that WhatsApp told us of: those that came in, and those written on the phone."""
    return {
        "kind": record.kind,
        "push_name": record.push_name,
        "lid": record.chat_lid,
        "origin": "phone" if record.origin == "phone" else None,
        "quoted": record.quoted,
        "media": _media(record),
        "recovered": record.recovered,
    }


def _media(record: Message) -> Shape | None:
    """`type` is what the file really is, where it may be shown in a page; `mimetype` is what its sender says."""
    if not record.media:
        return None
    names = ("status", "error", "mimetype", "type", "filename", "size")
    return {**{name: record.media.get(name) for name in names}, "url": f"/api/messages/{record.id}/media"}


def chat(record: Chat, last: Message | None = None) -> Shape:
    """The chat object; `last_message` is left null where nobody asked for it."""
    return {
        "id": record.id,
        "session": record.session,
        "network": record.network,
        "phone": record.phone,
        "lid": record.lid,
        "name": record.name,
        "last_message": message(last) if last else None,
        "unread": record.unread,
    }


def message_for_page(record: Message) -> Shape:
    """The message object, and what only a page shows."""
    return {
        **message(record),
        "timeline": timeline_of.for_page(record),
        "network": record.network,
        "correlation_id": record.correlation_id,
        "attempts": record.attempts,
        "send_at": optional_rfc3339(record.send_at),
    }


def wait(waits: Wait | None) -> Shape | None:
    """{code, text, until} for the page of a message that hasn't gone yet."""
    return {"code": waits.code, "text": WAITS[waits.code], "until": optional_rfc3339(waits.until)} if waits else None


def api_key(record: ApiKey) -> Shape:
    return {
        "id": record.id,
        "name": record.name,
        "prefix": record.prefix,
        "scopes": record.scopes,
        "created_at": to_rfc3339(record.created_at),
        "expires_at": optional_rfc3339(record.expires_at),
        "last_used_at": optional_rfc3339(record.last_used_at),
    }


def login(record: Login, *, current: str | None = None) -> Shape:
    """`current` is the id of the login that asks."""
    return {
        "id": record.id,
        "kind": record.kind,
        "device": devices.describe(record.user_agent),
        "address": record.address,
        "created_at": to_rfc3339(record.created_at),
        "last_seen_at": to_rfc3339(record.last_seen_at or record.created_at),
        "expires_at": to_rfc3339(record.expires_at),
        "current": record.id == current,
    }
