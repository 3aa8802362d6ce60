"""Finds messages that got stuck between two steps, and gives up those nobody will ever send. Called by the worker every ten seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..lib.clock import now
from ..store import Store
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


@dataclass
class Aftercare:
    store: Store
    acceptance: Acceptance
    progress: Progress
    _looked_until: dict[str, datetime] = field(default_factory=dict)

    def look_after(self, user_id: str) -> None:
        """Accepted, but its lane may not know it, or handed over and never acknowledged: the lanes are rung.

        A message that isn't `queued` any more is looked up in WhatsApp by its lane before anything else. What waits in the
        queue is looked through once, since a lane stays awake until its queue is empty.
        """
        moment = now()
        queued = self._found(user_id, "queued", self._looked_until.get(user_id), moment - FORGOTTEN_AFTER)
        handed = [one for status in ("sending", "unknown") for one in self._found(user_id, status, None, moment)]
        unacknowledged = [one for one in handed if moment - one.updated_at > UNACKNOWLEDGED_AFTER]
        if found := queued + unacknowledged:
            self.acceptance.ring(found)
        looked_through = len(queued) < SOME
        self._looked_until[user_id] = moment - FORGOTTEN_AFTER - _OVERLAP if looked_through else queued[-1].created_at

    def _found(self, user_id: str, status: str, since: datetime | None, until: datetime) -> list[Message]:
        return self.store.messages.in_state(user_id, status, since, until)

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
