"""/api/events: which events exist, and a user's own events as they come, for `wabot listen`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ...errors import RateLimited
from ...events import REGISTRY
from ...lib.clock import now
from ...services.event_stream import shapes
from ...store import hook_records
from .._answers import answers
from .._context import live, services
from .._shapes import Items
from .._shapes.messages import EventKind, EventPage
from . import bp
from ._request import Body, Cursor, Limit, Time, caller, needs, query

_LOOK_EVERY = 0.25


class StreamQuery(Body):
    since: Time | None = None
    """Start with the events from this time on."""
    cursor: Cursor | None = None
    """`next_cursor` of the answer before."""
    wait: Annotated[float, Field(ge=0, le=25)] = 0
    """How many seconds the answer may wait for an event."""
    limit: Limit = 100


@bp.get("/events")
@needs("read")
@answers({200: EventPage}, ["too_many_waiting"])
def list_events() -> dict[str, Any]:
    """Read your events, in the order in which they were recorded. They start at `cursor`, at `since`, or now: keep `next_cursor`
    for the next call. With `wait` the answer waits up to that many seconds for an event. This covers sandbox and live sessions;
    each event comes at least once, always with the same id."""
    asked, user_id = query(StreamQuery), caller().user.id
    stream, waiting = services().event_stream, live().waiting
    stream.listen(user_id)
    cursor, looked_at = asked.cursor or stream.start(asked.since), now()
    found, cursor = stream.after(user_id, cursor, asked.limit)
    if not found and asked.wait:
        if not waiting.enter(user_id):
            raise RateLimited("Too many of your calls are waiting already.", code="too_many_waiting", retry_after=5)
        try:
            found, cursor = _look_again(user_id, cursor, asked, looked_at)
        finally:
            waiting.leave(user_id)
    return {"items": list(shapes(found)), "next_cursor": cursor}


def _look_again(user_id: str, cursor: str, asked: StreamQuery, looked_at: datetime) -> tuple[list[hook_records.ToldEvent], str]:
    """Until there is an event, for `asked.wait` seconds at most; there was none beyond `cursor` at `looked_at`."""
    found: list[hook_records.ToldEvent] = []
    deadline = time.monotonic() + asked.wait
    while not found and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
        before, looked_at = looked_at, now()
        found, cursor = services().event_stream.after(user_id, cursor, asked.limit, before)
    return found, cursor


@bp.get("/events/schemas")
@answers({200: Items[EventKind]})
def event_schemas() -> dict[str, Any]:
    """List all kinds of events. Each has its meaning, version, JSON schema and a sample. No login is needed."""
    return {
        "items": [
            {
                "type": name,
                "description": event.__doc__,
                "version": event.version,
                "schema": event.schema(),
                "sample": event.sample(),
            }
            for name, event in REGISTRY.items()
        ],
        "next_cursor": None,
    }
