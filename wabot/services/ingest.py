"""Events of the gateway, applied once: delivered at least once, so every effect is safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import Store
from .progress import Progress
from .sessions import SessionService

log = get_logger(__name__)


class GatewayEvent(BaseModel):
    """One entry of the gateway's journal (docs/internals.md)."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=200)
    type: str = Field(max_length=64)
    session_id: str = Field(max_length=64)
    epoch: int = 0
    correlation_id: str = ""
    data: dict[str, Any]


@dataclass(frozen=True)
class Ingest:
    store: Store
    sessions: SessionService
    progress: Progress

    def apply(self, events: list[GatewayEvent]) -> int:
        """Apply in order and remember; how many were new. Raises a store error when the database is away: send them again."""
        known = self.store.applied_events.already([event.id for event in events])
        fresh = [event for event in events if event.id not in known]
        for event in fresh:
            self._apply(event)
        self.store.applied_events.remember([event.id for event in fresh], now())
        return len(fresh)

    def _apply(self, event: GatewayEvent) -> None:
        try:
            self._effect(event)
        except (KeyError, TypeError, ValueError) as error:
            # An event that can't be read will never become readable: named in the log, not retried for ever.
            log.error("event_unreadable", event_id=event.id, type=event.type, error=repr(error))

    def _effect(self, event: GatewayEvent) -> None:
        if event.type == "session.status":
            self.sessions.observe(event.data)
        elif event.type == "message.ack":
            self.progress.ack_event(event.session_id, event.data)
        elif event.type == "message.received":
            self.progress.received_event(event.session_id, event.correlation_id, event.data)
        else:
            log.warning("event_unknown", event_id=event.id, type=event.type)
