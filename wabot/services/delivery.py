"""From the outbox to the engine, one message at a time and in order for each session.

A hand-over is recorded before it happens: the message is `sending` and carries the WhatsApp id we chose. Whatever dies in
between, the outcome can then be looked up by that id, and nothing is sent again before it was.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from ..lib.clock import now, to_rfc3339
from ..lib.gateway import Gateway, NotHandedOver, OutcomeUnknown
from ..lib.log import get_logger
from ..store import Store
from ..store.messages import MessageFilter
from ..store.records import Message, OutboxEntry, Session
from .message_machine import FINAL
from .progress import Progress
from .session_machine import as_of

LEASE = timedelta(seconds=60)
"""Longer than any hand-over may take; then a claim is somebody else's."""
ATTEMPTS = 5
BACK_OFF = timedelta(seconds=2)
UNACKNOWLEDGED_AFTER = timedelta(seconds=15)
"""How long WhatsApp's own ack may take before we go and look."""

FORGOTTEN_AFTER = timedelta(seconds=10)
"""An accepted message has its outbox entry within milliseconds, unless the process died in between."""

log = get_logger(__name__)


class Lane(Enum):
    """What a session's lane should do after a message."""

    GO_ON = "go on"
    WAIT = "wait"


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(frozen=True)
class Delivery:
    store: Store
    gateway: Gateway
    progress: Progress
    owner: str = field(default_factory=_owner)

    def run_lane(self, session_id: str) -> int:
        """Hand over what this session has queued, oldest first, until it is empty or the session can't send; how many."""
        handed = 0
        while entries := self._ready(session_id):
            for entry in entries:
                if not self.store.outbox.claim(entry.id, self.owner, now() + LEASE):
                    return handed  # another worker has this lane
                if self._deliver(entry) is Lane.WAIT:
                    return handed
                handed += 1
        return handed

    def recover(self) -> int:
        """Take over the claims of dead workers; how many."""
        stale = [one for one in self.store.outbox.claimed() if one.owner != self.owner and _dead(one)]
        return sum(self._take_over(entry) for entry in stale)

    def look_after(self, session: Session) -> None:
        """Find what fell between two steps: accepted but not in the outbox, handed over but never acknowledged."""
        for message in self._in_state(session, "queued"):
            if now() - message.updated_at > FORGOTTEN_AFTER:
                self.store.outbox.add(OutboxEntry(message.id, message.user_id, message.session_id, "queued"))
        for status in ("sending", "unknown"):
            for message in self._in_state(session, status):
                if now() - message.updated_at > UNACKNOWLEDGED_AFTER:
                    self._settle_later(message)

    def _ready(self, session_id: str) -> list[OutboxEntry]:
        session = self.store.sessions.get(session_id)
        if session is None or as_of(session, now()).status != "connected":
            return []
        entries = self.store.outbox.oldest_queued(session_id)
        return entries if entries and _due(entries[0]) else []

    def _deliver(self, entry: OutboxEntry) -> Lane:
        message = self.store.messages.get(entry.id)
        session = self.store.sessions.get(entry.session_id)
        if message is None or session is None or message.status in FINAL:
            self.store.outbox.remove(entry.id)
            return Lane.GO_ON
        if message.status in ("sending", "unknown"):
            return self._settle(message, entry)
        if not self.progress.move(message, "sending", attempts=message.attempts + 1):
            self.store.outbox.remove(entry.id)
            return Lane.GO_ON
        return self._hand_over(message, entry, session)

    def _hand_over(self, message: Message, entry: OutboxEntry, session: Session) -> Lane:
        order = {**_order(message), "id": message.id, "epoch": session.epoch}
        try:
            accepted = self.gateway.send(session.id, order, message.correlation_id)
        except NotHandedOver as refusal:
            return self._refused(message, entry, refusal)
        except OutcomeUnknown as error:
            log.warning("outcome_unknown", message_id=message.id, error=str(error), correlation_id=message.correlation_id)
            return self._settle(message, entry)
        if accepted.wa_message_id != message.wa_message_id:
            self.store.messages.set_wa_id(message.id, accepted.wa_message_id)
        # Its acks come as events, in their order; taking one from here could pass another one on the way.
        self.store.outbox.remove(entry.id)
        return Lane.GO_ON

    def _refused(self, message: Message, entry: OutboxEntry, refusal: NotHandedOver) -> Lane:
        exhausted = refusal.code == "engine_error" and message.attempts + 1 >= ATTEMPTS
        if refusal.permanent or exhausted:
            self.progress.fail(message, refusal.code)
            self.store.outbox.remove(entry.id)
            return Lane.GO_ON
        self._back_to_queue(message, entry, refusal.code)
        return Lane.WAIT

    def _back_to_queue(self, message: Message, entry: OutboxEntry, why: str) -> None:
        """The message first: an outbox entry without a queued message would be dropped as done."""
        self.progress.move(message, "queued", detail=why)
        self.store.outbox.requeue(entry.id, self.owner, now() + BACK_OFF)

    def _settle(self, message: Message, entry: OutboxEntry) -> Lane:
        """Look into WhatsApp whether it went out. Never sent again before that is known."""
        order = {**_order(message), "since": to_rfc3339(message.created_at)}
        try:
            found = self.gateway.find(message.session_id, order, message.correlation_id)
        except OutcomeUnknown:
            self.progress.move(message, "unknown", detail="the hand-over was interrupted; WhatsApp can't be asked yet")
            self.store.outbox.requeue(entry.id, self.owner, now() + BACK_OFF)
            return Lane.WAIT
        if found is None:
            self._back_to_queue(message, entry, "not found in WhatsApp")
        else:
            self.progress.acknowledged(message, found.ack)
            self.store.outbox.remove(entry.id)
        return Lane.GO_ON

    def _settle_later(self, message: Message) -> None:
        """Into the outbox again: the lane asks WhatsApp before anything else, since the state isn't `queued`."""
        self.store.outbox.add(OutboxEntry(message.id, message.user_id, message.session_id, "queued"))

    def _take_over(self, entry: OutboxEntry) -> bool:
        taken = self.store.outbox.take_over(entry.id, entry.owner, self.owner, now() + LEASE)
        if taken:
            log.info("claim_taken_over", message_id=entry.id, from_owner=entry.owner)
            self.store.outbox.requeue(entry.id, self.owner)
        return taken

    def _in_state(self, session: Session, status: str) -> list[Message]:
        asked = MessageFilter(status=status, session=session.name)
        return list(self.store.messages.page(session.user_id, asked, limit=200).items)


def _order(message: Message) -> dict[str, str | None]:
    return {"to": message.to, "body": message.message, "wa_message_id": message.wa_message_id}


def _due(entry: OutboxEntry) -> bool:
    return entry.not_before is None or entry.not_before <= now()


def _dead(entry: OutboxEntry) -> bool:
    """Its lease has run out, or its worker was on this machine and is gone."""
    if entry.lease_until is None or entry.lease_until < now():
        return True
    host, _, rest = (entry.owner or "").partition(":")
    return host == socket.gethostname() and not _alive(rest.partition(":")[0])


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
