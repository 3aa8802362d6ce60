"""What /metrics tells of the whole installation: from counters and bounded reads, at most some seconds old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..lib.fresh import Fresh
from ..store import DATABASE_DOWN, Store
from ..store.counters import ALL, TOTAL
from ..store.outbox import QUEUE_READ
from .figures import COUNTED
from .limit_reports import LimitReport
from .readiness import Readiness
from .session_overview import SessionOverview

_FRESH_SECONDS = 5.0
_LAST = "f" * 24
"""Behind every id."""
QUEUED_AT_MOST = QUEUE_READ
"""So many are counted of each session."""


@dataclass(frozen=True)
class Measured:
    """`up` by process; the rest is empty while the database is away. `queued` is counted up to `QUEUED_AT_MOST` a session."""

    up: Mapping[str, bool]
    refused: Mapping[str, int]
    sessions: Mapping[str, int] = field(default_factory=dict)
    messages: Mapping[str, int] = field(default_factory=dict)
    queued: int | None = None


class Measurements:
    def __init__(self, store: Store, readiness: Readiness, sessions: SessionOverview, report: LimitReport) -> None:
        self._store = store
        self._readiness = readiness
        self._sessions = sessions
        self._report = report
        self._measured = Fresh(_FRESH_SECONDS, self._measure)

    def current(self) -> Measured:
        """Never raises for a dead dependency: `up` says it."""
        return self._measured.get()

    def _measure(self) -> Measured:
        up, refused = self._readiness.checks(), self._report.totals()
        try:
            counted = self._store.counters.of_day(ALL, TOTAL)
            messages = {state: counted.get(state, 0) for state in COUNTED}
            return Measured(up, refused, self._sessions.by_status(), messages, self._queued())
        except DATABASE_DOWN:
            return Measured({**up, "db": False}, refused)

    def _queued(self) -> int:
        outbox = self._store.outbox
        return sum(outbox.ahead_of(lane.id, _LAST) for lane in self._store.lanes.waiting())
