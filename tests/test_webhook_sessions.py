"""What a session's webhook tells: every change, also back to where it was, however long it has been there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from wabot.lib.clock import now, to_rfc3339
from wabot.services import hearing
from wabot.store.records import Session

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def session(hooked: Hooked) -> Session:
    found = hooked.services.store.sessions.named(hooked.linked.user["id"], "default")
    assert found
    return found


def observe(hooked: Hooked, since: datetime, **more: Any) -> None:
    hooked.services.sessions.observe(snapshot(hooked, since, **more))


def snapshot(hooked: Hooked, since: datetime, **more: Any) -> dict[str, Any]:
    """What the gateway sees, a second later than anything before."""
    seen = session(hooked)
    at = max(seen.observed_at or now(), now()) + timedelta(seconds=1)
    return {
        "id": seen.id, "epoch": 1, "status": "connected", "reason": None, "linked": True, "since": to_rfc3339(since),
        "observed_at": to_rfc3339(at), "phone": "+12025550999", "push_name": "Al", **more,
    }  # fmt: skip


def told(receiver: Receiver) -> list[tuple[str, str]]:
    return [(one.json["type"], one.json["data"]["status"]) for one in receiver.requests]


def test_a_session_that_is_back_where_it_was_is_told_so(hooked: Hooked, receiver: Receiver) -> None:
    """The gateway was silent for seconds and says the same as before."""
    hooked.endpoint(receiver.url)
    since = now()
    observe(hooked, since)
    for _ in range(2):
        hooked.services.sessions.gateway_lost(session(hooked))
        observe(hooked, since)
    hooked.work()
    back_and_forth = [("session.status", "reconnecting"), ("session.connected", "connected")]
    assert told(receiver) == [("session.connected", "connected"), *back_and_forth, *back_and_forth]
    assert len({one.id for one in receiver.requests}) == 5


def test_what_happens_to_a_session_that_is_connected_for_long_is_kept_as_new(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url)
    receiver.answer = lambda _: 503
    since = now() - timedelta(days=60)
    observe(hooked, since)
    observe(hooked, since, push_name="Bo")
    hooked.work()
    hooked.rounds.clear()
    receiver.answer = lambda _: 204
    hooked.work_until(lambda: len(receiver.taken()) == 2, "both arrive")
    assert {one["event"] for one in hooked.deliveries(made)} == {"session.status", "session.connected"}


def test_a_change_that_an_event_and_a_heartbeat_bring_is_told_once(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them a moment before the full minute, the other after it."""
    hooked.endpoint(receiver.url, "session.status")
    since = now() - timedelta(hours=1)
    observe(hooked, since)
    renamed, sessions = snapshot(hooked, since, push_name="Bo"), type(hooked.services.sessions)
    change = sessions._change

    def overtaken(self: Any, *asked: Any, **more: Any) -> Session | None:
        monkeypatch.setattr(sessions, "_change", change)
        self.observe(renamed)
        monkeypatch.setattr(hearing, "now", lambda: now() + timedelta(minutes=1))
        return change(self, *asked, **more)

    monkeypatch.setattr(sessions, "_change", overtaken)
    hooked.services.sessions.observe(renamed)
    hooked.work()
    assert [one.json["data"]["push_name"] for one in receiver.requests] == ["Bo"]


def test_what_is_observed_while_a_heartbeat_is_noted_is_told(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked.endpoint(receiver.url, "session.status")
    since = now() - timedelta(hours=1)
    observe(hooked, since)
    renamed, sessions = snapshot(hooked, since, push_name="Bo"), type(hooked.services.sessions)
    change = sessions._change

    def overtaken(self: Any, before: Session, *asked: Any, **more: Any) -> Session | None:
        monkeypatch.setattr(sessions, "_change", change)
        self.store.sessions.observe(before.id, before.epoch, {"observed_at": now()})
        return change(self, before, *asked, **more)

    monkeypatch.setattr(sessions, "_change", overtaken)
    hooked.services.sessions.observe(renamed)
    hooked.work()
    assert [one.json["data"]["push_name"] for one in receiver.requests] == ["Bo"]


def test_the_last_of_a_session_is_told_though_it_is_deleted_at_once(hooked: Hooked, receiver: Receiver) -> None:
    hooked.endpoint(receiver.url, "session.disconnected")
    observe(hooked, now(), status="disconnected", reason="unlinked_on_phone", linked=False)
    hooked.services.sessions.delete(hooked.linked.user["id"], "default", "corr")
    hooked.work()
    assert told(receiver) == [("session.disconnected", "disconnected")]
