"""A kill at every step between accept and sent: whatever dies there, the message arrives once, and its log says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests

from tests.support import limits
from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.crash_points import POINTS

GATEWAY_POINTS = (
    "gateway.before-engine",
    "gateway.after-engine",
    "journal.before-write",
    "journal.after-write",
    "events.after-post",
)
ALL = (*POINTS, *GATEWAY_POINTS)
HEALS_WITHIN = 60
NEEDS_AN_INTERRUPTION = ("lane.before-settling", "lane.after-settling")
"""Passed only by a message whose hand-over was interrupted before."""


@pytest.fixture(scope="module")
def house(stacks: Callable[..., Stack]) -> Stack:
    running = stacks(WABOT_CRASH_POINTS="1")
    running.start()
    limits.lift(running)
    return running


@pytest.fixture(scope="module")
def sender(house: Stack) -> Api:
    user = Api(house, "sender").register()
    user.link("+15550200001")
    return user


@pytest.mark.parametrize("point", ALL)
def test_killed_there_the_message_still_arrives_once(house: Stack, sender: Api, point: str) -> None:
    armed = house.data / "run" / f"crash-{point}"
    phone = f"+12025571{ALL.index(point):03d}"
    if point in NEEDS_AN_INTERRUPTION:
        (house.data / "run" / "crash-lane.after-noting").touch()
    armed.touch()
    message_id = wait_until(lambda: _accepted(sender, phone, point), HEALS_WITHIN, "the message is accepted")
    wait_until(lambda: not armed.exists(), HEALS_WITHIN, f"the process was killed at {point}")
    wait_until(lambda: _delivered(sender, message_id), HEALS_WITHIN, "the message is delivered")
    arrived = house.sandbox("GET", f"/phones/{phone}/inbox")
    assert [one["body"] for one in arrived] == [point]
    wait_until(house.ready, HEALS_WITHIN, "everything is back")
    sender.wait_for_status("connected", timeout=HEALS_WITHIN)
    assert [one["body"] for one in house.sandbox("GET", f"/phones/{phone}/inbox")] == [point]


def _accepted(sender: Api, phone: str, point: str) -> str | None:
    """As a careful client sends: the same key until it is answered."""
    body = {"to": phone, "message": point}
    if point.startswith("schedule."):
        body["send_at"] = to_rfc3339(now() + timedelta(seconds=2))
    answer = sender.post("/api/messages/send", body, headers={"Idempotency-Key": f"crash-{point}"}, timeout=10)
    return str(answer.json()["id"]) if answer.ok else None


def _delivered(sender: Api, message_id: str) -> bool:
    answer = sender.get(f"/api/messages/{message_id}", timeout=10)
    if not answer.ok:
        raise requests.RequestException(answer.text)
    message = answer.json()
    statuses = [one["status"] for one in message["timeline"]]
    assert statuses.count("delivered") <= 1
    assert statuses.count("sent") <= 1
    return bool(message["status"] == "delivered")


def test_every_point_has_its_test() -> None:
    assert len(set(ALL)) == len(ALL) == 20
