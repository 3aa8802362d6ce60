"""Records of events that were told, and of webhooks. As in `records.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Hearer:
    """A user whose events are told, from `since` to `until` at least; `id` is the user's."""

    id: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class ToldEvent:
    """One event as told. `at` is when it happened, `known` when wabot came to know. `key` is the message's or session's id,
    `place` orders the events of one key, `told` all of a user's as they were told. `only` is the endpoint a test is for."""

    id: str
    user_id: str
    told: str
    type: str
    at: datetime
    known: datetime
    session: str
    key: str
    place: int
    data: dict[str, Any]
    only: str | None = None


@dataclass(frozen=True)
class Endpoint:
    """Where a user's events go. `secrets` are {secret, until}: the newest has no `until`, earlier ones sign along till then.

    `since`: what happened earlier is not sent by itself. `due` (a time as text, and something random against a lost ring) says
    when its lane has work, `owner` and `lease_until` which worker serves it. `hold_until`: it could not be reached, so nothing
    is sent before. `crowded`: more waits than is tried at once, and the rest is parked from `parked_from` on. `replay` is
    {id, since, until, after, missed}: everything that happened then, beyond the event `after`, is to be sent again, or, if
    `missed`, only what never was. What was `deleted` can be had back for a while from `deleted_at` on. `mail_owed`: its owner is
    still to be told that it was switched off.
    """

    id: str
    user_id: str
    url: str
    events: list[str]
    secrets: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    since: datetime
    enabled: bool = True
    sessions: list[str] = field(default_factory=list)
    headers: list[list[str]] = field(default_factory=list)
    description: str = ""
    disabled_reason: str | None = None
    disabled_at: datetime | None = None
    mail_owed: bool = False
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    last_success_at: datetime | None = None
    hold_until: datetime | None = None
    due: str = ""
    owner: str | None = None
    lease_until: datetime | None = None
    crowded: bool = False
    parked_from: datetime | None = None
    replay: dict[str, Any] | None = None
    deleted: bool = False
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class HookDelivery:
    """One event on its way to one endpoint. `due` is the time of its next attempt as text, empty when none is planned.
    `tries` are the attempts since it was (last) ordered; `attempts` are {at, status_code, duration_ms, error, response}.
    `ahead`: a success at its endpoint brings it forward when this is empty; then it is `now`, and `was` until its own time."""

    id: str
    user_id: str
    endpoint_id: str
    event_id: str
    event: str
    session: str
    key: str
    place: int
    status: str
    created_at: datetime
    due: str = ""
    tries: int = 0
    forced: bool = False
    ahead: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class WaitingDelivery:
    """What a lane needs to know of a delivery to bring it into its turn."""

    id: str
    event_id: str
    key: str
    place: int
    due: str
    tries: int = 0
    forced: bool = False
    ahead: str = ""
