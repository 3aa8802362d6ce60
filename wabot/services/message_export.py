"""The log as CSV, written while it is read, page by page: its size costs no memory, and its reads hold up nobody for long."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..lib import spreadsheet
from ..lib.clock import to_rfc3339
from ..store import Store
from ..store.messages import MessageFilter
from ..store.records import Message
from ..store.windows import every_page

COLUMNS = ("created_at", "status", "to", "message", "session", "network", "sent_at", "delivered_at", "read_at", "error", "id")
_STEPS = ("sent", "delivered", "read")
_PAGE = 200


def csv_of(store: Store, user_id: str, asked: MessageFilter) -> Iterator[str]:
    """All that the log shows over all its pages, newest first, in chunks of `_PAGE` lines."""
    yield spreadsheet.lines([COLUMNS])
    for page in every_page(partial(store.messages.page, user_id, asked), limit=_PAGE):
        yield spreadsheet.lines([_row(one) for one in page.items])


def _row(message: Message) -> list[str | None]:
    reached = {one["status"]: to_rfc3339(one["at"]) for one in reversed(message.timeline) if one["status"] in _STEPS}
    error = message.error["code"] if message.error and message.status == "failed" else None
    plain = [to_rfc3339(message.created_at), message.status, message.to, message.message, message.session, message.network]
    return [*plain, *(reached.get(step) for step in _STEPS), error, message.id]
