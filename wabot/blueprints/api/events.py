"""/api/events: which events there are, and a user's own as they come, for `wabot listen`."""

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
from .._shapes.messages import EventKind, ToldEvent
from . import bp
from ._request import Body, Cursor, Limit, Time, caller, needs, query

_LOOK_EVERY = 0.25


class StreamQuery(Body):
    since: Time | None = None
    """Begin with what happened then."""
    cursor: Cursor | None = None
    """`next_cursor` of the answer before."""
    wait: Annotated[float, Field(ge=0, le=25)] = 0
    """So many seconds at most the answer is kept back until there is an event."""
    limit: Limit = 100


@bp.get("/events")
@needs("read")
@answers({200: Items[ToldEvent]}, ["too_many_waiting"])
def list_events() -> dict[str, Any]:
    """Read one's own events, in the order they were told. From `cursor` on, or from `since`, or from now. With `wait` the answer
    is kept back so many seconds at most until there is one. Sandbox and live alike; each event at least once, always with the
    same id."""
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
    """List every kind of event. What it means, its version, JSON schema and a sample. No login is needed: they stand in the docs."""
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
