"""Finds messages that got stuck between two steps, and gives up those nobody will ever send. Called by the worker every ten seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..lib.clock import BEGINNING, now
from ..store import Store, ids
from ..store.messages import SOME
from ..store.records import Message, Session
from .acceptance import Acceptance
from .message_machine import WAITING
from .progress import Progress

FORGOTTEN_AFTER = timedelta(seconds=10)
"""An accepted message's lane is marked within milliseconds, unless the process died in between."""
UNACKNOWLEDGED_AFTER = timedelta(seconds=15)
"""How long WhatsApp's own ack may take before we go and look."""
LOGGED_OUT_PATIENCE = timedelta(hours=24)
_MARK_LASTS = timedelta(seconds=15)
_OVERLAP = timedelta(minutes=2)
"""Looked at once more: what was just being written when it was looked at."""
_ENDED_OVERLAP = timedelta(minutes=10)
_SESSIONS_AT_ONCE = 200
_FIRST = str(ids.earliest_at(BEGINNING))


@dataclass
class Aftercare:
    store: Store
    acceptance: Acceptance
    progress: Progress
    _looked_until: dict[str, str] = field(default_factory=dict)
    """By user: the id up to which the queue was looked through."""
    _ended_until: datetime = BEGINNING
    """What ended before that was looked after."""

    def look_after_all(self, user_ids: Collection[str]) -> None:
        """`user_ids`: whose sessions are to run."""
        for gone in self._looked_until.keys() - user_ids:
            del self._looked_until[gone]
        for user_id in user_ids:
            self.look_after(user_id)
        self.look_after_ended()

    def look_after(self, user_id: str) -> None:
        """Accepted, but its lane may not know it, or handed over and never acknowledged: the lanes are rung.

        A message that isn't `queued` any more is looked up in WhatsApp by its lane before anything else. What waits in the
        queue is looked through once, since a lane stays awake until its queue is empty.
        """
        moment = now()
        queued = self._queued(user_id, moment - FORGOTTEN_AFTER)
        everything = (_FIRST, str(ids.earliest_at(moment)))
        handed = [one for status in ("sending", "unknown") for one in self.store.messages.in_state(user_id, status, *everything)]
        unacknowledged = [one for one in handed if moment - one.updated_at > UNACKNOWLEDGED_AFTER]
        if found := queued + unacknowledged:
            self.acceptance.ring(found)

    def _queued(self, user_id: str, until: datetime) -> list[Message]:
        """From where the last look has ended."""
        before, after = str(ids.earliest_at(until)), self._looked_until.get(user_id, _FIRST)
        if after > before:  # the clock has been set back
            after = _FIRST
        found = self.store.messages.in_state(user_id, "queued", after, before)
        self._looked_until[user_id] = found[-1].id if len(found) == SOME else str(ids.earliest_at(until - _OVERLAP))
        return found

    def look_after_ended(self) -> None:
        """What was accepted just before its session ended may stand in a lane that nobody knows, and nobody may ever link it again. A
        worker that has begun looks at all that have ended, then at those that ended since it looked last."""
        moment = now()
        owners = self.store.sessions.ended(self._ended_until)
        ended = list(owners)
        for start in range(0, len(ended), _SESSIONS_AT_ONCE):
            occupied = self.store.outbox.occupied(ended[start : start + _SESSIONS_AT_ONCE])
            self.store.lanes.mark({one: owners[one] for one in occupied}, moment)
        self._ended_until = moment - _ENDED_OVERLAP

    def give_up(self) -> None:
        """Messages of a session that was logged out wait visibly, for a day; then they fail. Those of a deleted one fail now."""
        for lane in self.store.lanes.waiting():
            session = self.store.sessions.get(lane.id)
            if session is None:
                self._give_up_lane(lane.id, now() + timedelta(seconds=1))
                self._end_lane(lane.id)
            elif session.desired != "on":
                self._give_up_logged_out(session)
                self._calm(lane.id)

    def _give_up_logged_out(self, session: Session) -> None:
        """The day begins with the log-out; one that only changes its engine is linked anew, and sends what waits."""
        patience_ends = now() - LOGGED_OUT_PATIENCE
        if not session.switch_to and (session.since is None or session.since < patience_ends):
            self._give_up_lane(session.id, patience_ends)

    def _calm(self, session_id: str) -> None:
        unmarked_since = now() - _MARK_LASTS
        if not self.store.outbox.queue(session_id):
            self.store.lanes.calm(session_id, unmarked_since)

    def _end_lane(self, session_id: str) -> None:
        if not self.store.outbox.queue(session_id):
            self.store.lanes.erase(session_id)

    def _give_up_lane(self, session_id: str, patience_ends: datetime) -> None:
        for message in self.store.outbox.queued_before(session_id, patience_ends):
            if max(message.created_at, message.send_at or message.created_at) < patience_ends:
                code = "session_logged_out" if message.status in WAITING else "outcome_unknown"
                self.progress.fail(message, code, claim=message.claim)
