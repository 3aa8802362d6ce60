"""The log as CSV, written while it is read: its size costs no memory."""

from __future__ import annotations

from collections.abc import Iterator

from ..lib import spreadsheet
from ..lib.clock import to_rfc3339
from ..store.records import Message

COLUMNS = ("created_at", "status", "to", "message", "session", "network", "sent_at", "delivered_at", "read_at", "error", "id")
_STEPS = ("sent", "delivered", "read")


def csv_of(chunks: Iterator[list[Message]]) -> Iterator[str]:
    """A line of column names, then a line for each message, in the order and the chunks they come in."""
    yield spreadsheet.lines([COLUMNS])
    for chunk in chunks:
        yield spreadsheet.lines([_row(one) for one in chunk])


def _row(message: Message) -> list[str | None]:
    reached = {one["status"]: to_rfc3339(one["at"]) for one in reversed(message.timeline) if one["status"] in _STEPS}
    error = message.error["code"] if message.error and message.status == "failed" else None
    plain = [to_rfc3339(message.created_at), message.status, message.to, message.message, message.session, message.network]
    return [*plain, *(reached.get(step) for step in _STEPS), error, message.id]
