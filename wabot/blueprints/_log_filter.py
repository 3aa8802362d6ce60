"""What the address of the message log asks for, read from its form: what can't be read is refused, never passed over."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask import request

from ..errors import Invalid
from ..lib import phones
from ..lib.clock import from_rfc3339
from ..store.messages import MessageFilter

STATUSES = ("scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "unknown", "cancelled")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def asked() -> dict[str, str]:
    return {name: request.args.get(name, "").strip()[:200] for name in ("status", "to", "session", "q", "since", "until")}


def understood(typed: dict[str, str]) -> MessageFilter:
    """Raises Invalid, which names every field that can't be read."""
    wrong: dict[str, str] = {}
    found: dict[str, datetime | str | None] = {}
    for name, read in (("status", _status), ("to", phones.to_e164), ("since", _start), ("until", _end)):
        try:
            found[name] = read(typed[name]) if typed[name] else None
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid("The filter can't be used as it is.", fields=wrong)
    return MessageFilter(session=typed["session"] or None, text=typed["q"] or None, **found)  # type: ignore[arg-type]


def _status(typed: str) -> str:
    if typed not in STATUSES:
        raise Invalid.field("status", "is no status of a message")
    return typed


def _start(typed: str) -> datetime:
    return _moment("since", typed)


def _end(typed: str) -> datetime | None:
    """A day belongs to it whole; after the last of all days nothing is left out."""
    moment = _moment("until", typed)
    try:
        return moment + timedelta(days=1) if _DATE.fullmatch(typed) else moment
    except OverflowError:
        return None


def _moment(name: str, typed: str) -> datetime:
    """A time with its zone, or a bare date as the page's fields send it: the start of that day in UTC."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=UTC) if _DATE.fullmatch(typed) else from_rfc3339(typed)
    except ValueError as error:
        raise Invalid.field(name, "isn't a date such as 2030-12-31") from error
