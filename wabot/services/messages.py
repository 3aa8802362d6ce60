"""Messages: accepting them durably, finding them, cancelling them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from ..errors import Conflict, Invalid, NotFound, RateLimited
from ..lib.clock import now
from ..store import Store
from ..store.idempotency import Remembered
from ..store.messages import MessageFilter
from ..store.records import Message, Page, Session
from ..store.windows import every_page
from ..words import N_, Text
from . import drafts, message_machine, numbers, session_machine
from .acceptance import Acceptance
from .allowance import Allowance
from .drafts import Draft
from .hearing import Hearing
from .pacing import Pacing, Wait
from .progress import Progress
from .publishing import Publisher, pushes_of_message
from .queue_gauge import QueueGauge
from .readiness import worker_is_seen
from .sessions import Sessions
from .tally import Tally

_NAMED = 3
"""So many sessions a refusal names."""
IDEMPOTENCY_LIFETIME = timedelta(hours=24)
_NOT_NOW = N_("The WhatsApp session is linked, but not connected right now, so that WhatsApp can't be asked.")
_READ_AT_ONCE = 200


@dataclass(frozen=True)
class Messages:
    store: Store
    sessions: Sessions
    publisher: Publisher
    acceptance: Acceptance
    queue: QueueGauge
    tally: Tally
    pacing: Pacing
    progress: Progress
    hearing: Hearing

    def accept(self, user_id: str, draft: Draft, correlation_id: str, allowance: Allowance) -> tuple[Message, bool]:
        """Store the message, with its place in the outbox; (message, whether it is new). Only then may it be answered.

        A known idempotency key is answered whatever the limits say, and costs nothing; a refused message leaves no trace.
        Raises Invalid (also `invalid_number`, `idempotency_mismatch`), NotFound for the session,
        Conflict `session_not_connected`, RateLimited (also `queue_full`).
        """
        to = numbers.meant(self.store, user_id, draft.session, draft.to)
        drafts.check_body(draft.message)
        drafts.check_time(draft.send_at)
        drafts.check_key(draft.idempotency_key)
        asked = drafts.fingerprint(to, draft) if draft.idempotency_key else ""
        try:
            session = self._session_for(user_id, draft.session)
            message = drafts.new_message(user_id, session, to, draft, correlation_id)
            self._take(user_id, allowance)
        except (Conflict, RateLimited):
            before = self._sent_before(user_id, draft.idempotency_key, asked)
            if before is None:
                raise
            return before, False
        if message.idempotency_key and (known := self._known(message, asked, allowance)) is not message:
            return known, False
        return self._store(message, ring=session.status == "connected")

    def rehearse(self, user_id: str, draft: Draft, correlation_id: str, allowance: Allowance) -> Message:
        """The message that `accept` would store, which is stored nowhere; without a text, if it had one.

        Raises what `accept` does, and Conflict for a session that is linked, but can't ask WhatsApp anything now.
        """
        to = numbers.meant(self.store, user_id, draft.session, draft.to)
        if draft.message:
            drafts.check_body(draft.message)
        drafts.check_time(draft.send_at)
        session = self._session_for(user_id, draft.session)
        if session.status != "connected":
            raise Conflict(_NOT_NOW, code="session_not_connected", extra={"session_status": session.status})
        allowance.take()
        return drafts.new_message(user_id, session, to, draft, correlation_id)

    def one(self, user_id: str, message_id: str) -> Message:
        found = self.store.messages.of_user(user_id, message_id)
        if found is None:
            raise NotFound("There is no such message.")
        return found

    def page(self, user_id: str, asked: MessageFilter, *, limit: int, cursor: str | None) -> Page:
        return self.store.messages.page(user_id, asked, limit=limit, cursor=cursor)

    def everything(self, user_id: str, asked: MessageFilter) -> Iterator[list[Message]]:
        """All that `page` gives over all its pages, in chunks, so that nobody else waits for long; for an export."""
        for page in every_page(partial(self.page, user_id, asked), limit=_READ_AT_ONCE):
            yield page.items

    def latest(self, message: Message) -> Message:
        """As it stands now; once it is gone, as it was."""
        return self.store.messages.get(message.id) or message

    def cancel(self, user_id: str, message_id: str) -> Message:
        """Raises NotFound, or Conflict `too_late` when it is on its way already."""
        message = self.one(user_id, message_id)
        if message.status != "cancelled":
            self.progress.move(message, "cancelled")
            message = self.one(user_id, message_id)  # somebody else may have cancelled it at the same moment
        if message.status != "cancelled":
            raise Conflict("The message is already on its way and can't be cancelled.", code="too_late")
        return message

    def undecided(self, message: Message) -> bool:
        session = self.store.sessions.get(message.session_id) if message.status == "unknown" else None
        return message_machine.undecided(message, session and session_machine.as_of(session, now()), now())

    def decide(self, user_id: str, message_id: str, *, again: bool) -> Message:
        """Send an undecided message again, at the risk of a double, or give it up. Raises NotFound, Conflict `not_undecided`."""
        message = self.one(user_id, message_id)
        if not self.undecided(message):
            raise Conflict("This message's outcome is known, or is still being determined.", code="not_undecided")
        if not again:
            self.progress.fail(message, "outcome_unknown", only_from="unknown")
        elif self.progress.move(message, "queued", detail="sent again by its sender", only_from="unknown"):
            self.acceptance.ring([message])
        return self.one(user_id, message_id)

    def waits_for(self, message: Message) -> Wait | None:
        """Why a queued message hasn't gone yet, and until when about; None when it is simply its turn."""
        if message.status == "scheduled":
            return Wait("scheduled", message.send_at)
        session = self.store.sessions.get(message.session_id) if message.status == "queued" else None
        if session is None:
            return None
        if session_machine.as_of(session, now()).status != "connected":
            unheard = session.status == "connected" and not worker_is_seen(self.store)
            return Wait("worker_away" if unheard else "session_not_connected")
        lane = self.store.lanes.get(session.id)
        if lane and lane.rest_until and lane.rest_until > now():
            return Wait("outcome_unknown" if lane.rest_why == "outcome_unknown" else "back_off", lane.rest_until)
        # What was handed over already and waits for its tick is in nobody's way.
        return self._turn(session, message, self.store.outbox.ahead_of(session.id, message.id, ("queued",)))

    def _turn(self, session: Session, message: Message, ahead: int) -> Wait | None:
        """What this message waits for with `ahead` others before it, and nothing else in its way."""
        if self.pacing.applies_to(session):
            return self.pacing.about(session, ahead, message.to or "")
        if not worker_is_seen(self.store):
            return Wait("worker_away")
        return Wait("queue" if ahead else "next")

    def _session_for(self, user_id: str, name: str) -> Session:
        session = self.sessions.to_send_by(user_id, name)
        if not session_machine.accepts_messages(session):
            why = self._not_connected(user_id, name)
            raise Conflict(why, code="session_not_connected", extra={"session_status": session.status})
        return session

    def _not_connected(self, user_id: str, name: str) -> Text:
        """Whoever linked only a session of another name forgot to name it."""
        others = [repr(one.name) for one in self.store.sessions.of_user(user_id) if session_machine.accepts_messages(one)]
        if not others:
            return Text("The WhatsApp session %(name)s is not connected: link it first.", name=repr(name))
        why = N_("The WhatsApp session %(name)s is not connected: link it first, or name one that is linked (%(others)s).")
        return Text(why, name=repr(name), others=", ".join(others[:_NAMED]))

    def _take(self, user_id: str, allowance: Allowance) -> None:
        allowance.take()
        try:
            self.queue.take_place(user_id)
        except RateLimited:
            allowance.give_back()
            raise

    def _sent_before(self, user_id: str, key: str | None, asked: str) -> Message | None:
        """The stored message this idempotency key stands for; nothing is remembered."""
        kept = self.store.idempotency.get(user_id, key) if key else None
        if kept is None:
            return None
        _check_same(kept, asked)
        stored = self.store.messages.of_user(user_id, kept.message_id)
        return self._rung_for(stored) if stored else None

    def _known(self, message: Message, asked: str, allowance: Allowance) -> Message:
        """The message an idempotency key stands for: this one, if nobody used the key before."""
        mine = Remembered(message.id, asked)
        expires_at = now() + IDEMPOTENCY_LIFETIME
        kept = self.store.idempotency.remember(message.user_id, message.idempotency_key or "", mine, expires_at)
        if kept == mine:
            return message
        allowance.give_back()
        _check_same(kept, asked)
        stored = self.store.messages.of_user(message.user_id, kept.message_id)
        return self._rung_for(stored) if stored else self._finish_other(message, kept)

    def _rung_for(self, stored: Message) -> Message:
        """It may have been stored by a process that died before it woke the lane: it shouldn't wait until that is noticed."""
        if stored.status in message_machine.WAITING:
            self.acceptance.ring([stored])
        return stored

    def _finish_other(self, message: Message, kept: Remembered) -> Message:
        """The key is taken but its message isn't stored (yet): whoever stores it under that id, it is one message.

        Its lane is marked first: under an id of long ago nobody would look for it, should the process die after storing it.
        """
        twin = drafts.with_id(message, kept.message_id)
        self.acceptance.ring([twin])
        return self._store(twin)[0]

    def _store(self, message: Message, *, ring: bool = True) -> tuple[Message, bool]:
        mark = self.hearing.mark_new(message.user_id)
        if not self.acceptance.store(replace(message, **mark) if mark else message, ring=ring):
            return self._rung_for(self.store.messages.get(message.id) or message), False
        self.hearing.marked(mark)
        self.tally.count(message.user_id, "accepted")
        if self.publisher.watches(message.user_id):
            self.publisher.publish(pushes_of_message(message))
        return message, True


def _check_same(kept: Remembered, asked: str) -> None:
    if kept.fingerprint != asked:
        raise Invalid.field("idempotency_key", "was used for another message", code="idempotency_mismatch")
