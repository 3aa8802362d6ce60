"""Whom an accepted message wakes: the workers while it can go, nobody while its session is away; then the session does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from pymongo.errors import AutoReconnect

from tests.support.web import Linked
from wabot.blueprints._context import services
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.wake import Doorbell
from wabot.services import Services


@pytest.fixture
def doorbell(app: Flask) -> Iterator[Doorbell]:
    with Doorbell(app.extensions["wabot"].settings.data / "run") as made:
        yield made


def lane_of(known: Services, linked: Linked) -> dict[str, str]:
    session = known.sessions.status(linked.user["id"], "default")
    return {session.id: linked.user["id"]}


def observe(known: Services, linked: Linked, status: str) -> None:
    session = known.sessions.status(linked.user["id"], "default")
    seen_at = to_rfc3339((session.observed_at or now()) + timedelta(milliseconds=1))
    known.sessions.observe(
        {
            "id": session.id, "epoch": session.epoch, "status": status, "linked": True, "reason": None, "phone": session.phone,
            "push_name": None, "since": seen_at, "observed_at": seen_at, "qr": None, "qr_expires_at": None, "pairing_code": None,
        }
    )  # fmt: skip


def test_a_message_wakes_the_workers_only_while_it_can_go(app: Flask, linked: Linked, doorbell: Doorbell) -> None:
    with app.app_context():
        known = services()
    lane = lane_of(known, linked)
    assert linked.send().status_code == 202
    assert doorbell.wait(0).lanes == {}
    assert [one.id for one in known.store.lanes.waiting()] == list(lane), "the workers' sweep finds it"
    observe(known, linked, "connected")
    assert doorbell.wait(1).lanes == lane, "what waits may go"
    assert linked.send().status_code == 202
    assert doorbell.wait(1).lanes == lane
    observe(known, linked, "connected")
    assert doorbell.wait(0).lanes == {}, "nothing has changed"
    observe(known, linked, "reconnecting")
    assert linked.send().status_code == 202
    assert doorbell.wait(0).lanes == {}


def test_what_is_stored_is_accepted_though_the_database_goes_away_before_its_lane_is_marked(
    app: Flask, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        known = services()

    def away(*_: object) -> None:
        raise AutoReconnect("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(known.store.lanes), "mark", away)
        answer = linked.send()
    assert answer.status_code == 202
    assert known.store.outbox.queue(next(iter(lane_of(known, linked)))) == [answer.get_json()["id"]]
    assert known.store.lanes.waiting() == []
    assert linked.send().status_code == 202
    assert [one.id for one in known.store.lanes.waiting()] == list(lane_of(known, linked)), "the next marks it"
