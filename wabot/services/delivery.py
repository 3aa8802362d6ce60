"""From the outbox to the engine, in order for each session, a batch at a time.

A hand-over is recorded before it happens: the messages are `sending` and carry the WhatsApp ids we chose. Whatever dies in
between, the outcome can then be looked up by that id, and nothing is sent again before it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest

from ..lib.clock import now, to_rfc3339
from ..lib.crash_points import crash_point
from ..lib.gateway import Accepted, Gateway, NotHandedOver, Outcome, OutcomeUnknown
from ..lib.log import get_logger
from ..store import Store
from ..store.messages import MessageFilter
from ..store.records import Message, OutboxEntry, Session
from .acceptance import entry_of
from .claims import Claims
from .message_machine import FINAL
from .pacing import Pacing
from .progress import Progress
from .session_machine import as_of

ATTEMPTS = 5
BACK_OFF = timedelta(seconds=2)
UNACKNOWLEDGED_AFTER = timedelta(seconds=15)
"""How long WhatsApp's own ack may take before we go and look."""
FORGOTTEN_AFTER = timedelta(seconds=10)
"""An accepted message has its outbox entry within milliseconds, unless the process died in between."""
LOGGED_OUT_PATIENCE = timedelta(hours=24)
_LOOKED_AFTER_AT_ONCE = 200
_PATIENCE = {
    "scheduled": FORGOTTEN_AFTER,
    "queued": FORGOTTEN_AFTER,
    "sending": UNACKNOWLEDGED_AFTER,
    "unknown": UNACKNOWLEDGED_AFTER,
}

log = get_logger(__name__)


@dataclass(frozen=True)
class Delivery:
    store: Store
    gateway: Gateway
    progress: Progress
    claims: Claims
    pacing: Pacing

    def run_lane(self, session_id: str) -> int:
        """Hand over what this session has queued, oldest first, until it is empty or the session can't send; how many."""
        handed = 0
        while batch := self._next_batch(session_id):
            session, ready = batch
            claimed = self.claims.take(ready)
            crash_point("lane.after-claim")
            if not self._deliver(session, claimed):
                return handed
            handed += len(claimed)
        return handed

    def look_after(self, session: Session) -> None:
        """Find what fell between two steps: accepted but not in the outbox, handed over but never acknowledged.

        A message that isn't `queued` any more is looked up in WhatsApp by its lane before anything else.
        """
        for status, patience in _PATIENCE.items():
            asked = MessageFilter(status=status, session=session.name)
            found = self.store.messages.page(session.user_id, asked, limit=_LOOKED_AFTER_AT_ONCE).items
            self.store.outbox.add_many([entry_of(one) for one in found if now() - one.updated_at > patience])

    def give_up(self, session_id: str) -> None:
        """Messages of a session that was logged out wait visibly, for a day; then they fail."""
        session = self.store.sessions.get(session_id)
        if session and session.desired == "on":
            return
        for entry in self.store.outbox.oldest_queued(session_id):
            message = self.store.messages.get(entry.id)
            if message is None or now() - message.created_at > LOGGED_OUT_PATIENCE:
                if message:
                    self.progress.fail(message, "session_logged_out")
                self.claims.done([entry.id])

    def _next_batch(self, session_id: str) -> tuple[Session, list[OutboxEntry]] | None:
        session = self.store.sessions.get(session_id)
        if session is None or as_of(session, now()).status != "connected":
            return None
        if self.pacing.wait(session):
            return None
        entries = self.store.outbox.oldest_queued(session_id)
        if not entries or not _due(entries[0]):
            return None
        return session, entries[:1] if self.pacing.applies_to(session) else entries

    def _deliver(self, session: Session, claimed: list[str]) -> bool:
        """False when the session can't send just now, or another worker has its lane."""
        found = self.store.messages.get_many(claimed)
        messages = [found[one] for one in claimed if one in found]
        self.claims.done([one for one in claimed if one not in found or found[one].status in FINAL])
        interrupted = [one for one in messages if one.status in ("sending", "unknown")]
        settled = [self._settle(message) for message in interrupted]
        fresh = [one for one in messages if one.status == "queued"]
        if not all(settled):
            self._put_back(fresh)  # what was interrupted goes first
            return False
        return self._hand_over(session, fresh) and bool(claimed)

    def _hand_over(self, session: Session, messages: list[Message]) -> bool:
        sending = self.progress.start_sending(messages)
        moved = {one.id for one in sending}
        self.claims.done([one.id for one in messages if one.id not in moved])  # cancelled meanwhile
        if not sending:
            return True
        if self.pacing.applies_to(session):
            self.pacing.note(session, sending[0].to or "")
        crash_point("lane.after-noting")
        outcomes = self.gateway.send(session.id, session.epoch, [_order(one) for one in sending])
        crash_point("lane.after-hand-over")
        tried = list(zip_longest(sending, outcomes))
        accepted = [message for message, outcome in tried if isinstance(outcome, Accepted)]
        # Their acks come as events, in order; taking one from here could pass another one on the way.
        self.claims.done([one.id for one in accepted])
        crash_point("lane.after-done")
        results = [self._after(message, outcome) for message, outcome in tried]
        self._return_to_queue([message for message, outcome in tried if outcome is None], "waits for the one before it")
        return all(results)

    def _after(self, message: Message, outcome: Outcome | None) -> bool:
        """Deal with one that wasn't simply taken; False when the session should rest."""
        if isinstance(outcome, Accepted):
            if outcome.wa_message_id != message.wa_message_id:
                self.store.messages.set_wa_id(message.id, outcome.wa_message_id)
            return True
        if isinstance(outcome, OutcomeUnknown):
            log.warning("outcome_unknown", message_id=message.id, error=str(outcome), correlation_id=message.correlation_id)
            return self._settle(message)
        return self._refused(message, outcome) if outcome else False

    def _refused(self, message: Message, refusal: NotHandedOver) -> bool:
        exhausted = refusal.code == "engine_error" and message.attempts >= ATTEMPTS
        if refusal.permanent or exhausted:
            self.progress.fail(message, refusal.code)
            self.claims.done([message.id])
            return True
        self._return_to_queue([message], refusal.code)
        return False

    def _return_to_queue(self, messages: list[Message], why: str) -> None:
        """The message first: an outbox entry whose message is `sending` would be looked up in WhatsApp."""
        for message in messages:
            self.progress.move(message, "queued", detail=why)
        self._put_back(messages)

    def _put_back(self, messages: list[Message]) -> None:
        self.claims.put_back([one.id for one in messages], wait=BACK_OFF)

    def _settle(self, message: Message) -> bool:
        """Look into WhatsApp whether it went out; False when that can't be told now. Never sent again before it is."""
        try:
            found = self.gateway.find(message.session_id, _wanted(message), message.correlation_id)
        except OutcomeUnknown:
            self.progress.move(message, "unknown", detail="the hand-over was interrupted; WhatsApp can't be asked yet")
            self._put_back([message])
            return False
        if found is None:
            self._return_to_queue([message], "not found in WhatsApp")
        else:
            self.progress.acknowledged(message, found.ack)
            self.claims.done([message.id])
        return True


def _order(message: Message) -> dict[str, str | None]:
    return {
        "id": message.id,
        "to": message.to,
        "body": message.message,
        "wa_message_id": message.wa_message_id,
        "correlation_id": message.correlation_id,
    }


def _wanted(message: Message) -> dict[str, str | None]:
    return {
        "to": message.to,
        "body": message.message,
        "wa_message_id": message.wa_message_id,
        "since": to_rfc3339(message.created_at),
    }


def _due(entry: OutboxEntry) -> bool:
    return entry.not_before is None or entry.not_before <= now()
