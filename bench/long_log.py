"""Accepting, and opening the newest page of the log, with 100,000 messages already there, against a short log."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bson import ObjectId

from tests.support.api import Api
from tests.support.stack import Stack
from wabot.store import Store
from wabot.store.records import Message

from . import store
from .clients import Call, Timing, timed
from .figures import Figure

MESSAGES = 100_000
SPREAD = timedelta(days=90)
CLIENTS = 16
CALLS = 700
ROUNDS = 3
"""Of which the one in the middle counts: about every fourth is a fifth slower, with a long log and with a short one."""
PAGES = 100
_AT_ONCE = 500


def run(stack: Stack, user: Api, accept: Call) -> list[Figure]:
    """`user` has a linked session; what `accept` makes is never sent."""
    log = Call("GET", f"{stack.url}/api/messages?limit=50", {"Authorization": f"Bearer {user.token}"})
    short, short_page = _measure(accept, log)
    _fill(stack, user)
    full, full_page = _measure(accept, log)
    name = f"{MESSAGES:,} messages in the log"
    return [
        Figure(f"{name}: accepting / with a short log", full.rate / short.rate, "×"),
        Figure(f"{name}: accepting", full.rate, "a second"),
        Figure(f"{name}: newest page / of a short log", full_page.p50 / short_page.p50, "×"),
        Figure(f"{name}: newest page p50", full_page.p50, "ms"),
        Figure(f"{name}: newest page p99", full_page.p99, "ms"),
    ]


def _measure(accept: Call, log: Call) -> tuple[Timing, Timing]:
    rounds = sorted((timed(accept, clients=CLIENTS, calls=CALLS) for _ in range(ROUNDS)), key=lambda one: one.rate)
    return rounds[ROUNDS // 2], timed(log, clients=1, calls=PAGES)


def _fill(stack: Stack, user: Api) -> None:
    """Messages of the last 90 days, made from the user's newest, straight into the store."""
    newest = user.get("/api/messages", params={"limit": 1}).json()["items"][0]["id"]
    with store.database(stack) as db:
        messages = Store(db).messages
        pattern = messages.get(newest)
        assert pattern
        moments = [datetime.now(UTC) - SPREAD * number / MESSAGES for number in range(MESSAGES, 0, -1)]
        for start in range(0, MESSAGES, _AT_ONCE):
            assert len(messages.add_many([_at(pattern, one) for one in moments[start : start + _AT_ONCE]])) == _AT_ONCE


def _at(pattern: Message, moment: datetime) -> Message:
    message_id = ObjectId(int(moment.timestamp()).to_bytes(4, "big") + os.urandom(8))
    timeline = [{"status": status, "at": moment} for status in ("queued", "sending", "sent", "delivered")]
    times = {"created_at": moment, "updated_at": moment, "timeline": timeline}
    return replace(pattern, id=str(message_id), wa_message_id=f"3EB0{str(message_id)[6:].upper()}", status="delivered", **times)  # type: ignore[arg-type]
