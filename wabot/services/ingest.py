"""Events of the gateway, applied once: delivered at least once, so every effect is safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..lib.clock import from_rfc3339, now
from ..lib.crash_points import crash_point
from ..lib.log import get_logger
from ..lib.texts import whole
from ..store import REFUSED, Store
from .acks import Ack, Acked, Acks
from .incoming import Incoming
from .letters import Letter
from .message_machine import ACK_TO_STATUS
from .sessions import Sessions

_TOGETHER = ("message.ack", "message.received")
"""What is applied after the rest of a batch, together."""
_UNREADABLE = (KeyError, TypeError, ValueError)
log = get_logger(__name__)


class GatewayEvent(BaseModel):
    """One entry of the gateway's journal (docs/internals.md)."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=200)
    seq: int = Field(ge=0)
    type: str = Field(max_length=64)
    session_id: str = Field(max_length=64)
    at: str | None = None
    correlation_id: str | None = None
    data: dict[str, Any]

    @property
    def life(self) -> str:
        """Of the gateway: its numbers rise within one, and ids are `<life>-<seq>`."""
        return self.id.removesuffix(f"-{self.seq}")


@dataclass(frozen=True)
class Ingest:
    store: Store
    sessions: Sessions
    acks: Acks
    incoming: Incoming
    _turn: Lock = field(default_factory=Lock)

    def apply(self, journalled: list[Any]) -> int:
        """Apply in order (messages that came in and then ticks last) and remember; how many were new. Raises a store error when the database is away: send
        them again.

        What can't be read or stored will never become so: it is named in the log, and doesn't hold up what follows. One batch at a
        time: a gateway that has lost its patience sends the same again, and done twice at once both would take longer still.
        """
        events = [event for event in map(_read, journalled) if event]
        with self._turn:
            return self._apply_fresh(events)

    def _apply_fresh(self, events: list[GatewayEvent]) -> int:
        reached = self.store.applied_events.reached({event.life for event in events})
        fresh = [event for event in events if event.seq > reached.get(event.life, -1)]
        crash_point("ingest.before-apply")
        for event in fresh:
            if event.type not in _TOGETHER:
                self._apply(event)
        for session_id, letters in _letters([event for event in fresh if event.type == "message.received"]).items():
            self.incoming.take(session_id, letters)
        self.acks.apply(_acked([event for event in fresh if event.type == "message.ack"]))
        crash_point("ingest.before-remember")
        self.store.applied_events.reach({event.life: event.seq for event in fresh}, now())
        crash_point("ingest.before-answer")
        return len(fresh)

    def _apply(self, event: GatewayEvent) -> None:
        try:
            self._effect(event)
        except (*_UNREADABLE, *REFUSED) as error:
            _refused(event, error)

    def _effect(self, event: GatewayEvent) -> None:
        if event.type == "session.status":
            self.sessions.observe(event.data)
        else:
            log.warning("event_unknown", event_id=event.id, type=event.type)


def _letters(events: list[GatewayEvent]) -> dict[str, list[Letter]]:
    """By session, in their order."""
    letters: dict[str, list[Letter]] = {}
    for event in events:
        told_at = {"told_at": event.at} if event.at else {}
        of_event = {"event_id": event.id, "seq": event.seq, "correlation_id": event.correlation_id}
        try:
            letter = Letter.model_validate({**event.data, **of_event, **told_at})
        except ValidationError as error:
            _refused(event, error)
            continue
        letters.setdefault(event.session_id, []).append(letter)
    return letters


def _acked(events: list[GatewayEvent]) -> list[Acked]:
    """All acks of one message together, at the place of the first."""
    acks: dict[tuple[str, str], list[Ack]] = {}
    ours: dict[tuple[str, str], str] = {}
    for event in events:
        try:
            key = (event.session_id, whole(str(event.data["wa_message_id"])))
            status, at = ACK_TO_STATUS.get(event.data["ack"]), from_rfc3339(str(event.data["at"]))
        except _UNREADABLE as error:
            _refused(event, error)
            continue
        if status:
            acks.setdefault(key, []).append((status, at))
            ours[key] = str(event.data.get("message_id") or "")
    return [Acked(*key, ours[key], told) for key, told in acks.items()]


def _refused(event: GatewayEvent, error: Exception) -> None:
    log.error("event_refused", event_id=event.id, type=event.type, error=type(error).__name__)


def _read(journalled: Any) -> GatewayEvent | None:
    try:
        return GatewayEvent.model_validate(journalled)
    except ValidationError as error:
        names = [".".join(map(str, one["loc"])) for one in error.errors()]
        log.error("event_unreadable", event_id=_id_of(journalled), fields=names)
        return None


def _id_of(journalled: Any) -> str:
    return str(journalled.get("id"))[:200] if isinstance(journalled, dict) else "none"
