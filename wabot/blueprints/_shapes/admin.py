"""Figures, settings and the audit log, for administrators."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from ...services.preferences import Values
from . import Shape


class Totals(Shape):
    """How many messages passed each state."""

    accepted: int
    sent: int
    delivered: int
    read: int
    failed: int
    received: int
    cancelled: int
    unknown: int


class Durations(Shape):
    """Milliseconds; null where nothing was measured."""

    count: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None


class Ways(Shape):
    queued_to_sent: Durations
    """From acceptance to WhatsApp's tick."""
    sent_to_delivered: Durations
    """From that tick to the phone's."""


class Day(Totals):
    day: date
    active_users: int
    delivery: Ways


class Users(Shape):
    total: int
    active_today: int


class Sessions(Shape):
    total: int
    by_status: dict[str, int] = Field(examples=[{"connected": 3}])


class Account(Shape):
    id: str
    email: str | None
    """Null for an account that was deleted."""


class TopSender(Shape):
    user: Account
    accepted: int


class Stats(Shape):
    """Days are UTC days."""

    days: int
    generated_at: datetime
    totals: Totals
    per_day: list[Day]
    users: Users
    sessions: Sessions
    delivery: Ways
    top_senders: list[TopSender]


class AuditEntry(Shape):
    """Who did what to whom, when and from where."""

    id: str
    at: datetime
    actor: Account
    action: str = Field(examples=["session.restart"])
    target: str
    """The id of what it was done to."""
    target_email: str | None
    detail: str
    address: str
    """The network address it came from."""


class Alive(Shape):
    ok: bool


class Readiness(Shape):
    checks: dict[str, bool] = Field(examples=[{"db": True, "gateway": True, "worker": True, "sandbox": True}])
    """The parts that are needed, and whether each answers."""
    degraded: list[str]
    """What is away and can be done without."""


class CurrentSettings(Values):
    """What an administrator may change while wabot runs."""
