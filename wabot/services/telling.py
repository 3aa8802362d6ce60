"""Turns marked changes into events in the log, and deliveries to endpoints. Called by the worker; any number of workers may do it.

The mark is removed last. If a process dies before that, everything is done again. The ids of events and deliveries are derived from
what happened, so doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ..events import REGISTRY
from ..lib.clock import now, to_rfc3339
from ..lib.crash_points import crash_point
from ..store import Store
from ..store.hook_deliveries import PARKED
from ..store.hook_records import Endpoint, HookDelivery, ToldEvent
from ..store.ids import beside, born, derived, new_id
from ..store.records import Message, Session
from . import present

AT_ONCE = 200
WAITING_AT_MOST = 1000
"""How many deliveries an endpoint's lane tries. Further ones are parked, in order, and follow when there is room."""
EVERYTHING = "*"


@dataclass(frozen=True)
class Telling:
    store: Store

    def round(self) -> int:
        """Tell some of what is marked; how many messages and sessions that were."""
        messages = self.store.messages.untold(AT_ONCE)
        sessions = self.store.sessions.untold(AT_ONCE)
        if messages or sessions:
            self._tell(messages, sessions)
        return len(messages) + len(sessions)

    def session(self, session_id: str) -> None:
        """All there is to tell of one session, now: it is about to be deleted."""
        session = self.store.sessions.get(session_id)
        if session and session.untold:
            self._tell([], [session])

    def _tell(self, messages: list[Message], sessions: list[Session]) -> None:
        users = {one.user_id for one in messages} | {one.user_id for one in sessions}
        hearers = self.store.hearers.of_users(sorted(users))
        told = [event for one in messages if one.user_id in hearers for event in events_of_message(one)]
        told += [event for one in sessions if one.user_id in hearers for event in events_of_session(one)]
        fresh = [event for event in told if event.known >= hearers[event.user_id].since]
        crash_point("tell.before-log")
        self.store.event_log.add_many(fresh)
        crash_point("tell.after-log")
        for user_id, endpoints in self.store.endpoints.of_users(sorted({one.user_id for one in fresh})).items():
            for endpoint in endpoints:
                self._deliver(endpoint, [one for one in fresh if one.user_id == user_id and wants(endpoint, one)])
        crash_point("tell.after-deliveries")
        self.store.messages.told(messages)
        for session in sessions:
            self.store.sessions.told(session)

    def _deliver(self, endpoint: Endpoint, events: list[ToldEvent]) -> None:
        if not events:
            return
        parked = endpoint.crowded or makes_up(endpoint) or (endpoint.due and self._full(endpoint, len(events)))
        deliveries = [delivery_of(endpoint, one, status=PARKED if parked else "pending") for one in events]
        oldest = min(born(one.id) for one in deliveries)
        crowded = {"crowded": True, "parked_from": min(endpoint.parked_from or oldest, oldest)}
        if parked and not endpoint.crowded:  # or after a kill, when there is room again, what follows would get ahead of them
            self.store.endpoints.ring([endpoint.id], due_now(), crowded)
        new = self.store.hook_deliveries.add_many(deliveries)
        known = len(new) < len(deliveries)  # who died after storing them may have parked them
        self.store.endpoints.ring([endpoint.id], due_now(), crowded if parked or known else {})

    def _full(self, endpoint: Endpoint, more: int) -> bool:
        return self.store.hook_deliveries.count_waiting(endpoint.id, WAITING_AT_MOST) + more > WAITING_AT_MOST


def makes_up(endpoint: Endpoint) -> bool:
    """Whether it is still being sent what it missed: later events wait until that is in its lane."""
    return endpoint.replay is not None and bool(endpoint.replay.get("missed"))


def wants(endpoint: Endpoint, event: ToldEvent) -> bool:
    """Whether an event goes there by itself."""
    return endpoint.enabled and event.only is None and event.known >= endpoint.since and chose(endpoint, event)


def chose(endpoint: Endpoint, event: ToldEvent) -> bool:
    """Whether its owner wants this kind of event, of this session."""
    by_type = EVERYTHING in endpoint.events or event.type in endpoint.events
    return by_type and (not endpoint.sessions or event.session in endpoint.sessions)


def due_now(at: datetime | None = None) -> str:
    """Work for a lane, at once: no two are the same, so that a lane that goes to rest notices a ring."""
    return f"{to_rfc3339(at or now())} {new_id()}"


def delivery_of(endpoint: Endpoint, event: ToldEvent, *, status: str = "pending", forced: bool = False) -> HookDelivery:
    return HookDelivery(
        id=beside(event.id, endpoint.id), user_id=event.user_id, endpoint_id=endpoint.id, event_id=event.id, event=event.type,
        session=event.session, key=event.key, place=event.place, status=status, created_at=now(),
        due="" if status == PARKED else to_rfc3339(now()), forced=forced,
    )  # fmt: skip


def events_of_message(message: Message) -> Iterator[ToldEvent]:
    """One for each entry of the timeline that has not been told."""
    for place in range(message.told, len(message.timeline)):
        entry = message.timeline[place]
        event_type, at = f"message.{entry['status']}", entry["at"]
        if event_type not in REGISTRY:
            continue
        known = max(at, message.heard_at or at)
        shown = replace(message, status=entry["status"], updated_at=at)
        yield ToldEvent(
            id=derived(known, place, message.id, str(place)), user_id=message.user_id, told=new_id(), type=event_type, at=at,
            known=known, session=message.session, key=message.id, place=place, data=present.message(shown),
        )  # fmt: skip


def events_of_session(session: Session) -> Iterator[ToldEvent]:
    for one in session.telling:
        yield ToldEvent(
            id=one["id"], user_id=session.user_id, told=new_id(), type=one["type"], at=one["at"], known=one["at"],
            session=session.name, key=session.id, place=int(one["at"].timestamp() * 1000),
            data={**one["data"], "pairing_code": None},
        )  # fmt: skip
