"""How fast a session may send on the live network, so that its number isn't taken for a spammer's. Never in the sandbox.

What is noted is when the next message may go, and it is noted before a message is handed over: a restart doesn't hurry it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..lib.clock import day, now
from ..store import Store
from ..store.records import PacingRecord, Session
from .preferences import Pacing as Pace
from .preferences import Preferences

NEW_CONTACT_FACTOR = 3
"""First messages to people who never heard from a number are what gets numbers reported."""


@dataclass(frozen=True)
class Wait:
    """Why a message waits, and until when about."""

    code: str
    until: datetime | None = None


@dataclass(frozen=True)
class Pacing:
    store: Store
    preferences: Preferences

    def applies_to(self, session: Session) -> bool:
        return session.network == "live" and self._pace.enabled

    def wait(self, session: Session) -> Wait | None:
        """None when the next message may go now."""
        record = self.store.pacing.get(session.id) if self.applies_to(session) else None
        if record is None:
            return None
        if record.day == day(now()) and record.count >= self._pace.per_day:
            return Wait("daily_cap", _tomorrow())
        left = record.next_at - now()
        return Wait("pacing", record.next_at) if timedelta() < left <= self._longest_gap else None

    def note(self, session: Session, to: str, message_id: str) -> None:
        """A message is about to be handed over: from now on the next one waits. Tried again, it is still the same message."""
        moment = now()
        record = self.store.pacing.get(session.id)
        today = record if record and record.day == day(moment) else None
        again = today is not None and today.message == message_id
        count = (today.count if today else 0) + (not again)
        factor = NEW_CONTACT_FACTOR if self.store.pacing.is_first_to(session.id, to, message_id, moment) else 1
        gap = timedelta(milliseconds=factor * self._pace.min_gap_ms + random.uniform(0, self._pace.jitter_ms))
        self.store.pacing.put(PacingRecord(session.id, moment + gap, day(moment), count, message_id))

    def about(self, session: Session, ahead: int, to: str = "") -> Wait | None:
        """What a message with `ahead` others before it waits for. Where its own number was never written to, neither were theirs, it is
        taken."""
        wait = self.wait(session)
        if not self.applies_to(session) or (wait is None and ahead == 0):
            return wait
        start = wait.until if wait and wait.until else now()
        factor = 1 if not to or self.store.pacing.knows(session.id, to) else NEW_CONTACT_FACTOR
        gap = timedelta(milliseconds=factor * self._pace.min_gap_ms + self._pace.jitter_ms / 2)
        return Wait(wait.code if wait else "pacing", start + ahead * gap)

    @property
    def _longest_gap(self) -> timedelta:
        """What is longer was noted before the clock was set back."""
        return timedelta(milliseconds=NEW_CONTACT_FACTOR * self._pace.min_gap_ms + self._pace.jitter_ms)

    @property
    def _pace(self) -> Pace:
        return self.preferences.current().pacing


def _tomorrow() -> datetime:
    return datetime.combine(now().date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
