"""From the outbox to the engine, in the order of acceptance for each session, a batch at a time.

A hand-over is recorded before it happens: the messages are `sending` and carry the WhatsApp ids we chose. Whatever dies in
between, the outcome can then be looked up by that id, and nothing is sent again before it was. Nor is anything that was
accepted later: the lane rests, and goes on with the one that is open. Only what WhatsApp can't be asked about for so long that
its sender may decide (`SETTLE_WINDOW`) is passed over.

While an engine that is quick has one batch, the next is noted. It goes if all of the first went, and is put back otherwise.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile, zip_longest

from ..lib.clock import now, to_rfc3339
from ..lib.crash_points import crash_point
from ..lib.gateway import STALE_CLAIM, Accepted, Gateway, NotHandedOver, Outcome, OutcomeUnknown
from ..lib.log import get_logger
from ..store import Store
from ..store.records import Message, Session
from .claims import Claim, Claims
from .lanes import LANES
from .message_machine import is_for, undecided
from .orders import order_of, wanted_of
from .pacing import Pacing, Wait
from .progress import Progress
from .session_machine import as_of

REFUSALS = 5
"""So often the engine may refuse a message before it fails: half a minute in all."""
BATCH = 25
_OPEN = ("sending", "unknown")
SLICE_SECONDS = 2.0
"""So long a lane may go on while others wait for their turn; a batch that has begun is finished."""
QUICK_SECONDS = 0.5
"""An engine that takes less for a batch is quick: what is noted ahead is with it before anybody misses it."""
_BEHIND = "waits for the one before it"

log = get_logger(__name__)


Tried = list[tuple[Message, Outcome | None]]
"""Messages of a batch, and what became of each; None of those that weren't tried, since one before them could not go."""


class LaneLost(Exception):
    """Another worker has taken it over: nothing of it is ours to do any more."""


@dataclass(frozen=True)
class Delivery:
    store: Store
    gateway: Gateway
    progress: Progress
    claims: Claims
    pacing: Pacing
    _ahead: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(LANES, thread_name_prefix="ahead"))

    def run_lane(self, session_id: str) -> datetime | None:
        """Hand over what this session has queued, oldest first, for a slice of time.

        When to look again: at once when there is more, later when it rests or is paced, None when somebody will ring.
        """
        ends = time.monotonic() + SLICE_SECONDS
        try:
            while claim := self.claims.hold(session_id):
                again = self._step(claim)
                if again is None or again > now() or time.monotonic() > ends:
                    return again
        except LaneLost:
            log.warning("lane_lost", session_id=session_id)
            self.claims.drop(session_id)
        except Exception:
            self.claims.forget_queue(session_id)
            raise
        return None

    def _step(self, claim: Claim) -> datetime | None:
        """One batch; when to look again."""
        session = self.store.sessions.get(claim.session_id)
        if session is None or as_of(session, now()).status != "connected":
            claim.waits.begin("session_not_connected")
            claim.rest_until = None  # what it rested for is over
            return None
        claim.meets(session)
        paced = self.pacing.wait(session)
        if waits := Wait("back_off", claim.resting) if claim.resting else paced:
            claim.waits.begin(waits.code)
            return waits.until
        claim.waits.end()
        return self._next_batch(claim, session)

    def _next_batch(self, claim: Claim, session: Session) -> datetime | None:
        if claim.is_to_be_read and not self._refill(claim):
            return claim.asks_again()
        at_once = self._at_once(claim, session)
        batch = [claim.queue.popleft() for _ in range(min(at_once, len(claim.queue)))]
        crash_point("lane.after-claim")
        return self._deliver(claim, session, batch)

    def _at_once(self, claim: Claim, session: Session) -> int:
        """How many messages make a batch: one where each may have to wait, or where the last one could not go."""
        return 1 if claim.failures or self.pacing.applies_to(session) else BATCH

    def _refill(self, claim: Claim) -> bool:
        looked_at = now()
        found = self.store.outbox.queue(claim.session_id)
        claim.fill(found)
        if found:
            claim.empty_since = None
        else:
            self.claims.nothing_to_do(claim, looked_at)
        return bool(claim.queue)

    def _deliver(self, claim: Claim, session: Session, batch: list[str]) -> datetime | None:
        found = self.store.messages.get_many(batch)
        messages = [found[one] for one in batch if one in found]
        if any(one.claim > claim.epoch for one in messages):
            raise LaneLost
        if foreign := [one for one in messages if not is_for(one, session)]:
            return self._give_up(claim, foreign)
        return self._in_order(claim, session, [one for one in messages if one.status in ("queued", *_OPEN)])

    def _in_order(self, claim: Claim, session: Session, messages: list[Message]) -> datetime | None:
        """As many as are in the same state, from the first on. If a worker died while it put a batch back, what it had put back goes out
        before the rest is looked up: some engines look a message up by sending it again."""
        is_open = bool(messages) and messages[0].status in _OPEN
        alike = list(takewhile(lambda one: (one.status in _OPEN) == is_open, messages))
        if len(alike) < len(messages):
            claim.queue.clear()  # the others are the first in the queue then
        return self._settle_all(claim, session, alike) if is_open else self._hand_over(claim, session, alike)

    def _give_up(self, claim: Claim, foreign: list[Message]) -> datetime:
        """The session is another account's by now: nothing goes out in the name of somebody it wasn't accepted for."""
        claim.queue.clear()
        for message in foreign:
            code = "account_changed" if message.status == "queued" else "outcome_unknown"
            self.progress.fail(message, code, claim=message.claim)
        return now()

    def _hand_over(self, claim: Claim, session: Session, messages: list[Message]) -> datetime | None:
        """This batch, and those that were noted meanwhile."""
        ends = time.monotonic() + SLICE_SECONDS
        again: datetime | None = now()
        sending = self._note(claim, messages)
        if sending and self.pacing.applies_to(session):
            self.pacing.note(session, sending[0].to or "", sending[0].id)
        while sending:
            looks_ahead = claim.is_quick and self._at_once(claim, session) > 1 and time.monotonic() < ends
            following = self._ahead.submit(self._note_next, claim, session) if looks_ahead else None
            try:
                tried = self._hand(claim, session, sending)
            finally:
                sending = following.result() if following else []
            if sending and not all(_went(outcome) for _, outcome in tried):
                self._back(sending, _BEHIND)
                claim.queue.clear()
                sending = []
            again = self._conclude(claim, session, tried)
        return again

    def _note(self, claim: Claim, messages: list[Message]) -> list[Message]:
        """Those that are `sending` now."""
        sending = self.progress.start_sending(messages, claim.epoch, claim.waits) if messages else []
        if len(sending) < len(messages):
            claim.queue.clear()  # cancelled meanwhile, or begun by one who had lost the lane: read them again
        return sending

    def _note_next(self, claim: Claim, session: Session) -> list[Message]:
        """Where there is nothing about any of them that must be looked at."""
        batch = [claim.queue.popleft() for _ in range(min(BATCH, len(claim.queue)))]
        found = self.store.messages.get_many(batch)
        messages = [found[one] for one in batch if one in found]
        if all(one.status == "queued" and one.claim <= claim.epoch and is_for(one, session) for one in messages):
            return self._note(claim, messages)
        claim.queue.clear()
        return []

    def _hand(self, claim: Claim, session: Session, sending: list[Message]) -> Tried:
        crash_point("lane.after-noting")
        token = {"epoch": claim.epoch, "until": to_rfc3339(claim.lease_until)}
        began = time.monotonic()
        outcomes = self.gateway.send(session.id, session.epoch, token, [order_of(one) for one in sending])
        claim.is_quick = time.monotonic() - began < QUICK_SECONDS
        crash_point("lane.after-hand-over")
        tried: Tried = list(zip_longest(sending, outcomes))
        if any(isinstance(outcome, NotHandedOver) and outcome.code == STALE_CLAIM for _, outcome in tried):
            raise LaneLost
        return tried

    def _conclude(self, claim: Claim, session: Session, tried: Tried) -> datetime | None:
        accepted = [message for message, outcome in tried if isinstance(outcome, Accepted)]
        for message, outcome in tried:
            if isinstance(outcome, Accepted):
                # Its ack comes as an event, in order, and ends its place; taking it from here could pass another on the way.
                claim.pass_over(message.id)
                if outcome.wa_message_id != message.wa_message_id:
                    self.store.messages.set_wa_id(message, outcome.wa_message_id)
        crash_point("lane.after-done")
        refused = [(message, outcome) for message, outcome in tried if isinstance(outcome, NotHandedOver)]
        transient = [self._refused(claim, message, outcome) for message, outcome in refused]
        self._back([message for message, outcome in tried if outcome is None], _BEHIND)
        open_ones = [message for message, outcome in tried if isinstance(outcome, OutcomeUnknown)]
        if accepted:
            self.claims.went_well(claim)
        if any(transient):
            return self.claims.rest(claim, refused[-1][1].code)
        return self._settle_all(claim, session, open_ones) if open_ones else now()

    def _refused(self, claim: Claim, message: Message, refusal: NotHandedOver) -> bool:
        """Fail it or put it back; True when it is to be tried again."""
        said = sum(one.get("detail") == "engine_error" for one in message.timeline)
        exhausted = refusal.code == "engine_error" and said >= REFUSALS - 1
        if refusal.permanent or exhausted:
            self.progress.fail(message, refusal.code, claim=claim.epoch)
            return False
        self._back([message], refusal.code)
        return True

    def _back(self, messages: list[Message], why: str) -> None:
        for message in messages:
            self.progress.move(message, "queued", detail=why, claim=message.claim)

    def _settle_all(self, claim: Claim, session: Session, messages: list[Message]) -> datetime | None:
        """In their order, until one can't be settled now: the lane rests then, but not for those whose sender may decide by now."""
        claim.queue.clear()
        settled = 0
        while settled < len(messages) and self._settle(claim, messages[settled]):
            settled += 1
        left = messages[settled:]
        for message in left:
            self._doubt(message)
            if undecided(message, session, now()):
                claim.pass_over(message.id)
        is_held_up = any(not claim.is_passed_over(one.id) for one in left)
        return self.claims.rest(claim, "outcome_unknown") if is_held_up else now()

    def _settle(self, claim: Claim, message: Message) -> bool:
        """Look into WhatsApp whether it went out; False when that can't be told now. Never sent again before it is."""
        crash_point("lane.before-settling")
        token = {"epoch": claim.epoch, "until": to_rfc3339(claim.lease_until)}
        try:
            found = self.gateway.find(message.session_id, token, wanted_of(message), message.correlation_id)
        except NotHandedOver as error:
            raise LaneLost from error
        except OutcomeUnknown:
            return False
        crash_point("lane.after-settling")
        own = self._own(message, found)
        if own and own.wa_message_id != message.wa_message_id:  # it is told of under this id: what was told before is asked for
            self.store.messages.set_wa_id(message, own.wa_message_id)
            return self._settle(claim, replace(message, wa_message_id=own.wa_message_id))
        self._settled(claim, message, own)
        return True

    def _own(self, message: Message, found: list[Accepted]) -> Accepted | None:
        """The one with its id, or the oldest with its text that isn't another message's."""
        by_id = next((one for one in found if one.wa_message_id == message.wa_message_id), None)
        if by_id or not found:
            return by_id
        known = self.store.messages.by_wa_ids(message.session_id, [one.wa_message_id for one in found])
        taken = {wa_id for wa_id, one in known.items() if one.origin != "phone"}
        return next((one for one in found if one.wa_message_id not in taken), None)

    def _settled(self, claim: Claim, message: Message, found: Accepted | None) -> None:
        if found is None:
            self._back([message], "not found in WhatsApp")
            return
        claim.pass_over(message.id)  # as long as WhatsApp has it, but has not acknowledged it
        self.progress.acknowledged(message, found.ack)

    def _doubt(self, message: Message) -> None:
        log.warning("outcome_unknown", message_id=message.id, correlation_id=message.correlation_id)
        why = "the hand-over was interrupted; WhatsApp can't be asked yet"
        self.progress.move(message, "unknown", detail=why, claim=message.claim)


def _went(outcome: Outcome | None) -> bool:
    """Or never will: it holds up nothing."""
    return isinstance(outcome, Accepted) or (isinstance(outcome, NotHandedOver) and outcome.permanent)
