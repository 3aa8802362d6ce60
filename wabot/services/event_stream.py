"""A user's events in the order in which they were recorded, from a given point on: what `wabot listen` reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..lib.clock import now, to_rfc3339
from ..store import Store
from ..store.hook_records import ToldEvent
from ..store.ids import earliest_at, new_id
from .hearing import Hearing
from .hook_attempts import payload_of, public_id

SETTLED = timedelta(seconds=1)
_LOOK_BACK = timedelta(seconds=4)
"""What lies further back is little, where nothing was found a moment ago: it is read in one query with the rest."""


@dataclass(frozen=True)
class EventStream:
    store: Store
    hearing: Hearing

    def start(self, since: datetime | None) -> str:
        """The cursor to read from: from `since` on, or from now."""
        return str(earliest_at(since)) if since else new_id()

    def listen(self, user_id: str) -> None:
        """From the first time on this user's events are kept."""
        self.hearing.begin(user_id)

    def after(self, user_id: str, cursor: str, limit: int, looked_at: datetime | None = None) -> tuple[list[ToldEvent], str]:
        """Up to `limit` events, tests left out, and the cursor to go on from. Without the newest: another process may still be
        writing one that comes before them. `looked_at`: there was none beyond this cursor then."""
        since = looked_at - _LOOK_BACK if looked_at else None
        found = self.store.event_log.after(user_id, cursor, now() - SETTLED, limit, since=since)
        return [one for one in found if one.only is None], found[-1].told if found else cursor


def shapes(events: list[ToldEvent]) -> Iterator[dict[str, str]]:
    """{id, type, at, session, payload, cursor}: `payload` is the text a webhook's body would be."""
    for one in events:
        yield {
            "id": public_id(one),
            "type": one.type,
            "at": to_rfc3339(one.at),
            "session": one.session,
            "payload": payload_of(one).decode(),
            "cursor": one.told,
        }
