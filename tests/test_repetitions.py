"""A request that is repeated under its key, when meanwhile time has passed, the session has ended, or a process has died."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from tests.support.allowance import Unlimited
from tests.support.lane import PHONE, Lane
from tests.support.web import Linked
from wabot.errors import Invalid
from wabot.lib.clock import now, to_rfc3339
from wabot.services.drafts import Draft, wa_message_id
from wabot.services.messages import Messages
from wabot.store import ids
from wabot.store.idempotency import Remembered


def sent(linked: Linked, **more: str) -> tuple[int, str]:
    answer = linked.send(headers={"Idempotency-Key": "once"}, **more)
    return answer.status_code, answer.get_json().get("id") or answer.get_json()["code"]


def test_the_same_is_the_same_when_its_time_has_come(linked: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    send_at = to_rfc3339(now() + timedelta(hours=1))
    _, first = sent(linked, send_at=send_at)
    monkeypatch.setattr("wabot.services.messages.now", lambda: now() + timedelta(hours=2))
    assert sent(linked, send_at=send_at) == (200, first)
    assert sent(linked)[1] == "idempotency_mismatch"


def test_what_was_accepted_is_answered_when_the_session_has_ended(app: Flask, linked: Linked) -> None:
    _, first = sent(linked)
    sessions = app.extensions["wabot"].store.sessions
    session = sessions.named(linked.user["id"], "default")
    sessions.change(session.id, session.epoch, {"desired": "off", "linked": False, "status": "disconnected"})
    assert sent(linked) == (200, first)
    assert sent(linked, message="another")[1] == "idempotency_mismatch"
    assert linked.send().get_json()["code"] == "session_not_connected"


def test_one_whose_first_try_died_long_ago_is_not_forgotten_if_the_second_dies(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key was remembered and nothing stored; now it is stored under the id of then, and web is killed before it rings."""
    lane.see()
    draft = Draft(PHONE, "hello", idempotency_key="once")
    with monkeypatch.context() as dying:
        dying.setattr(Messages, "_store", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            lane.house.messages.accept(lane.user_id, draft, "corr", Unlimited())
    kept = lane.house.store.idempotency.get(lane.user_id, "once")
    assert kept
    old = Remembered(str(ids.earliest_at(now() - timedelta(minutes=10))), kept.fingerprint)
    lane.house.store.idempotency.remember(lane.user_id, "long-ago", old, now() + timedelta(hours=1))
    with monkeypatch.context() as dying:
        dying.setattr(lane.house.acceptance._write_together, "_then", lambda _: None)
        again = Draft(PHONE, "hello", idempotency_key="long-ago")
        message, _ = lane.house.messages.accept(lane.user_id, again, "corr", Unlimited())
    assert (message.id, message.wa_message_id) == (old.message_id, wa_message_id(old.message_id))
    assert [one.id for one in lane.house.store.lanes.waiting()] == [lane.session_id]


def test_the_same_by_another_session_is_another_request(lane: Lane) -> None:
    lane.see()
    session = {"engine": "webjs", "network": "sandbox", "created_at": now(), "desired": "on", "linked": True, "epoch": 1}
    lane.house.store.sessions.add({**session, "user_id": lane.user_id, "name": "other", "phone": "+12025550998"})
    draft = Draft(PHONE, "hello", idempotency_key="once")
    lane.house.messages.accept(lane.user_id, draft, "corr", Unlimited())
    with pytest.raises(Invalid) as refused:
        lane.house.messages.accept(lane.user_id, replace(draft, session="other"), "corr", Unlimited())
    assert refused.value.code == "idempotency_mismatch"
