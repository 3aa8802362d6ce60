"""Figures for the dashboard and for administrators: read from counters, never by counting messages."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ..lib.clock import day, now, to_rfc3339
from ..lib.fresh import Fresh
from ..store import Store
from ..store.counters import ALL
from ..store.outbox import HELD
from . import durations
from .session_overview import SessionOverview

SHOWN = ("accepted", "sent", "delivered", "read", "failed", "received")
COUNTED = (*SHOWN, "cancelled", "unknown")
PERIODS = (7, 30, 90)
"""Days that the pages offer; the API takes any number from 1 to the largest."""
TOP_SENDERS = 10
_RANKED_A_DAY = 50
"""Of each day only so many users enter the ranking of a period: it is exact for everyone who is among them every day."""
_FRESH_SECONDS = 3.0
_WAYS = {"queued_to_sent": durations.QUEUED_SENT, "sent_to_delivered": durations.SENT_DELIVERED}
_SHARES = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99}
_ACCOUNTS_COUNTED = 10_000

Shape = dict[str, Any]


class Figures:
    def __init__(self, store: Store, sessions: SessionOverview) -> None:
        self._store = store
        self._sessions = sessions
        self._finished: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()
        self._periods = {days: Fresh(_FRESH_SECONDS, partial(self._stats, days)) for days in range(1, PERIODS[-1] + 1)}
        self._accounts = Fresh(60.0, lambda: self._store.users.count(_ACCOUNTS_COUNTED))

    def today(self, user_id: str) -> dict[str, int]:
        """How many of this user's messages reached each state today (UTC), and how many wait now: for their turn, and, `scheduled`,
        for a time of their own."""
        counted, outbox = self._store.counters.of_day(user_id, day(now())), self._store.outbox
        waiting = {"queued": outbox.waiting_of(user_id, 1000, HELD), "scheduled": outbox.waiting_of(user_id, 1000, ["scheduled"])}
        return {**{name: counted.get(name, 0) for name in SHOWN}, **waiting}

    def of_user(self, user_id: str, days: int) -> Shape:
        """{per_day, totals} of one user, as in `stats`."""
        counted = self._store.counters.of_days(user_id, _days(days))
        return {"per_day": [_day_shape(one, of_day) for one, of_day in counted.items()], "totals": _sum(counted.values())}

    def stats(self, days: int) -> Shape:
        """What /api/admin/stats answers (docs/administration.md), at most three seconds old."""
        return self._periods[days].get()

    def _stats(self, days: int) -> Shape:
        counted = self._store.counters.of_days(ALL, _days(days))
        everything = _added(counted.values())
        by_status = self._sessions.by_status()
        return {
            "days": days,
            "generated_at": to_rfc3339(now()),
            "totals": _sum(counted.values()),
            "per_day": [_day_shape(one, of_day) | _day_more(of_day) for one, of_day in counted.items()],
            "users": {"total": self._accounts.get(), "active_today": next(reversed(counted.values())).get("active", 0)},
            "sessions": {"total": sum(by_status.values()), "by_status": by_status},
            "delivery": {name: _durations(everything, what) for name, what in _WAYS.items()},
            "top_senders": self._top_senders(counted),
        }

    def _top_senders(self, counted: Mapping[str, Mapping[str, int]]) -> list[Shape]:
        ranked = Counter[str]()
        for one, of_day in counted.items():
            ranked.update(self._top_of(one, of_day.get("accepted", 0)))
        top = ranked.most_common(TOP_SENDERS)
        emails = self._store.users.emails([user_id for user_id, _ in top])
        return [{"user": {"id": user_id, "email": emails.get(user_id)}, "accepted": count} for user_id, count in top]

    def _top_of(self, of_day: str, accepted: int) -> dict[str, int]:
        """What is over doesn't change any more and is kept; yesterday is over when its last counters were surely written."""
        with self._lock:
            if of_day in self._finished:
                return self._finished[of_day]
        top = self._store.counters.top_senders(of_day, accepted, _RANKED_A_DAY) if accepted else {}
        if of_day < day(now() - timedelta(hours=24)):
            with self._lock:
                self._finished[of_day] = top
                while len(self._finished) > PERIODS[-1]:
                    del self._finished[min(self._finished)]
        return top


def _days(count: int) -> list[str]:
    """The last so many days (UTC), today the last."""
    return [day(now() - timedelta(days=ago)) for ago in range(count - 1, -1, -1)]


def _sum(counted: Any) -> dict[str, int]:
    together = _added(counted)
    return {name: together.get(name, 0) for name in COUNTED}


def _added(counted: Any) -> Counter[str]:
    together = Counter[str]()
    for of_day in counted:
        together.update(of_day)
    return together


def _day_shape(of_day: str, counted: Mapping[str, int]) -> Shape:
    return {"day": iso_day(of_day), **{name: counted.get(name, 0) for name in COUNTED}}


def _day_more(counted: Mapping[str, int]) -> Shape:
    """What is only counted for all users together."""
    return {
        "active_users": counted.get("active", 0),
        "delivery": {name: _durations(counted, what) for name, what in _WAYS.items()},
    }


def _durations(counted: Mapping[str, int], what: str) -> Shape:
    shares = {name: durations.percentile(counted, what, share) for name, share in _SHARES.items()}
    return {"count": durations.count(counted, what), **shares}


def iso_day(of_day: str) -> str:
    """`2026-01-31` of `20260131`."""
    return datetime.strptime(of_day, "%Y%m%d").date().isoformat()  # noqa: DTZ007  # a day, without a time
