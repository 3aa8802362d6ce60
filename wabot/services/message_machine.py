"""The states of a message and the ways between them.

    scheduled ──► queued ──► sending ──► sent ──► delivered ──► read
        │           │ ▲        │ │         ▲          ▲           ▲
        ▼           │ └────────┘ ├─────────┴──────────┴───────────┤   an ack may come late, early or skip a step
    cancelled ◄─────┤  nothing   │                                │
                    │  went out  ▼                                │
                    │         unknown ── settled by looking into WhatsApp ──► sent …, or back to queued
                    ▼            │
                  failed ◄───────┘

Ticks only run forwards: a transition not listed here is not made, whoever asks for it. `received` is the only state of an
incoming message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from ..store.records import Message, Session

Status = Literal["scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "unknown", "received"]

ALLOWED_FROM: dict[str, frozenset[str]] = {
    "queued": frozenset({"scheduled", "sending", "unknown"}),
    "sending": frozenset({"queued"}),
    "sent": frozenset({"sending", "unknown", "queued", "failed"}),
    "delivered": frozenset({"sending", "unknown", "queued", "failed", "sent"}),
    "read": frozenset({"sending", "unknown", "queued", "failed", "sent", "delivered"}),
    "failed": frozenset({"queued", "sending", "unknown"}),
    "unknown": frozenset({"sending"}),
    "cancelled": frozenset({"scheduled", "queued"}),
}
"""Which states a message may be in to move to the key. `queued` → `sent`: it went out, the worker died before it could
note so, and the ack came first. `failed` → `sent`: WhatsApp had taken it after all."""

TICKS = ("sent", "delivered", "read")
"""Each means those before it, whether they were seen or not."""

WAITING = frozenset({"scheduled", "queued"})

SETTLE_WINDOW = timedelta(minutes=2)
"""How long WhatsApp is asked what became of a message, and later ones wait for it, before its sender may decide."""

ACK_TO_STATUS: dict[str, Status] = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}
"""`pending` moves nothing."""


def is_for(message: Message, session: Session) -> bool:
    """Whether the session is still the account the message was accepted for: the same network, and the same number."""
    known = message.from_ is not None and session.phone is not None
    return message.network == session.network and (not known or message.from_ == session.phone)


def passed(before: str, seen: Iterable[str]) -> Iterator[str]:
    """What a message passed that was in one state and was then seen in others: also the ticks between that got lost."""
    for status in seen:
        if status in TICKS:
            yield from TICKS[TICKS.index(before) + 1 if before in TICKS else 0 : TICKS.index(status) + 1]
        else:
            yield status
        before = status


def undecided(message: Message, session: Session | None, at: datetime) -> bool:
    """WhatsApp could not be asked for so long whether it went out that its sender may decide. `session` as it is shown now: where it
    is back, it counts from then."""
    back_since = session.since if session and session.status == "connected" else None
    open_since = max(message.updated_at, back_since or message.updated_at)
    return message.status == "unknown" and at - open_since > SETTLE_WINDOW
