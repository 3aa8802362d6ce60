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
SHORT = 200
"""Messages of the short log: the newest of the long one, so that the pages compared are the same."""
SPREAD = timedelta(days=90)
CLIENTS = 16
CALLS = 700
ROUNDS = 3
"""Of which the one in the middle counts: about every fourth is a fifth slower, with a long log and with a short one."""
PAGES = 100
_AT_ONCE = 500


def run(stack: Stack, user: Api, accept: Call) -> list[Figure]:
    """`user` has a linked session; what `accept` makes is never sent.

    Pages are read by somebody else with the same history: how many were accepted in the seconds before a page is opened makes its
    time more than a long history does.
    """
    reader = Api(stack, "bench-reader").register()
    log = Call("GET", f"{stack.url}/api/messages?limit=50", {"Authorization": f"Bearer {reader.token}"})
    patterns = _patterns(stack, user, reader)
    moments = [datetime.now(UTC) - SPREAD * number / MESSAGES for number in range(MESSAGES, 0, -1)]
    _fill(stack, patterns, moments[-SHORT:])
    short, short_page = _measure(accept, log)
    _fill(stack, patterns, moments[:-SHORT])
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


def _patterns(stack: Stack, user: Api, reader: Api) -> list[Message]:
    """The user's newest message, and the same as the reader's."""
    newest = user.get("/api/messages", params={"limit": 1}).json()["items"][0]["id"]
    with store.database(stack) as db:
        pattern = Store(db).messages.get(newest)
    assert pattern
    nobodys = str(ObjectId())
    return [pattern, replace(pattern, user_id=str(reader.get("/api/auth/me").json()["user"]["id"]), session_id=nobodys)]


def _fill(stack: Stack, patterns: list[Message], moments: list[datetime]) -> None:
    """A message like each pattern at each moment, straight into the store."""
    with store.database(stack) as db:
        messages = Store(db).messages
        for pattern in patterns:
            for start in range(0, len(moments), _AT_ONCE):
                some = [_at(pattern, one) for one in moments[start : start + _AT_ONCE]]
                assert len(messages.add_many(some)) == len(some)


def _at(pattern: Message, moment: datetime) -> Message:
    message_id = ObjectId(int(moment.timestamp()).to_bytes(4, "big") + os.urandom(8))
    timeline = [{"status": status, "at": moment} for status in ("queued", "sending", "sent", "delivered")]
    times = {"created_at": moment, "updated_at": moment, "timeline": timeline}
    return replace(pattern, id=str(message_id), wa_message_id=f"3EB0{str(message_id)[6:].upper()}", status="delivered", **times)  # type: ignore[arg-type]
