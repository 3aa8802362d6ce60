"""Events of the gateway, applied once: delivered at least once, so every effect is safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..lib.clock import from_rfc3339, now
from ..lib.crash_points import crash_point
from ..lib.log import get_logger
from ..store import REFUSED, Store
from .message_machine import ACK_TO_STATUS
from .progress import Ack, Progress
from .sessions import SessionService

log = get_logger(__name__)


class GatewayEvent(BaseModel):
    """One entry of the gateway's journal (docs/internals.md)."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=200)
    type: str = Field(max_length=64)
    session_id: str = Field(max_length=64)
    correlation_id: str | None = None
    data: dict[str, Any]


@dataclass(frozen=True)
class Ingest:
    store: Store
    sessions: SessionService
    progress: Progress

    def apply(self, journalled: list[Any]) -> int:
        """Apply in order and remember; how many were new. Raises a store error when the database is away: send them again.

        What can't be read or stored will never become so: it is named in the log, and doesn't hold up what follows.
        """
        events = [event for event in map(_read, journalled) if event]
        known = self.store.applied_events.already([event.id for event in events])
        fresh = [event for event in events if event.id not in known]
        crash_point("ingest.before-apply")
        for step in _steps(fresh):
            self._apply(step)
        crash_point("ingest.before-remember")
        if fresh:
            self.store.applied_events.remember([event.id for event in fresh], now())
        crash_point("ingest.before-answer")
        return len(fresh)

    def _apply(self, step: list[GatewayEvent]) -> None:
        try:
            self._effect(step)
        except (KeyError, TypeError, ValueError, *REFUSED) as error:
            log.error("event_refused", event_id=step[0].id, type=step[0].type, error=type(error).__name__)

    def _effect(self, step: list[GatewayEvent]) -> None:
        event = step[0]
        if event.type == "session.status":
            self.sessions.observe(event.data)
        elif event.type == "message.ack":
            self.progress.ack_events(event.session_id, event.data["wa_message_id"], [ack for one in step for ack in _acks(one)])
        elif event.type == "message.received":
            self.progress.received_event(event.session_id, event.correlation_id or "", event.data)
        else:
            log.warning("event_unknown", event_id=event.id, type=event.type)


def _steps(events: list[GatewayEvent]) -> list[list[GatewayEvent]]:
    """The events in order, but all acks of one message together at the place of the first: one write instead of three."""
    steps: list[list[GatewayEvent]] = []
    acks: dict[tuple[str, Any], list[GatewayEvent]] = {}
    for event in events:
        key = (event.session_id, str(event.data.get("wa_message_id")))
        if event.type == "message.ack" and key in acks:
            acks[key].append(event)
            continue
        steps.append([event])
        if event.type == "message.ack":
            acks[key] = steps[-1]
    return steps


def _acks(event: GatewayEvent) -> list[Ack]:
    status = ACK_TO_STATUS.get(event.data["ack"])
    return [(status, from_rfc3339(event.data["at"]))] if status else []


def _read(journalled: Any) -> GatewayEvent | None:
    try:
        return GatewayEvent.model_validate(journalled)
    except ValidationError as error:
        names = [".".join(map(str, one["loc"])) for one in error.errors()]
        log.error("event_unreadable", event_id=_id_of(journalled), fields=names)
        return None


def _id_of(journalled: Any) -> str:
    return str(journalled.get("id"))[:200] if isinstance(journalled, dict) else "none"
