"""What the address of the message log asks for, read from its form."""

from __future__ import annotations

from ..errors import Invalid
from ..lib import phones
from ..store.messages import MessageFilter
from . import _filters

STATUSES = ("scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "unknown", "cancelled")


def asked() -> dict[str, str]:
    return _filters.asked("status", "to", "session", "q", "since", "until", "zone")


def understood(typed: dict[str, str]) -> MessageFilter:
    """Raises Invalid, which names every field that can't be read."""
    found = _filters.understood(typed, status=_status, to=_number, **_filters.days(typed["zone"]))
    return MessageFilter(session=typed["session"] or None, text=typed["q"] or None, **found)


def _status(name: str, typed: str) -> str:
    if typed not in STATUSES:
        raise Invalid.field(name, "is not a status of a message")
    return typed


def _number(_: str, typed: str) -> str:
    return phones.to_e164(typed)
