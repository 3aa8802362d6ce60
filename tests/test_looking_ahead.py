"""While a quick engine has one batch the next is noted: it follows at once, or not before what is in front of it."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from tests.support.lane import Lane
from tests.support.waiting import wait_until
from wabot.services import delivery as deliveries

BATCH = 5
TEXTS = [f"{number}" for number in range(12)]
NOTED_WITHIN = 20
BEHIND = ("queued", "waits for the one before it")


class Ahead:
    """Three batches; what is with the engine in the second waits until the third is noted."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.ids = lane.send(*TEXTS)
        self.seen: str | None = None
        lane.engine.meanwhile = self.until_noted

    def until_noted(self, batch: int) -> None:
        if batch == 2:
            wait_until(self.is_noted, NOTED_WITHIN, "the third batch is noted")

    def is_noted(self) -> bool:
        return self.lane.message(self.ids[2 * BATCH]).status == "sending"

    def status(self) -> set[str]:
        """Of the third batch."""
        return {self.lane.message(one).status for one in self.ids[2 * BATCH :]}


@pytest.fixture
def ahead(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> Ahead:
    monkeypatch.setattr(deliveries, "BATCH", BATCH)
    return Ahead(lane)


def test_what_is_noted_ahead_follows_in_order(ahead: Ahead) -> None:
    ahead.lane.run()
    assert (ahead.lane.engine.went, ahead.lane.engine.sizes) == (TEXTS, [BATCH, BATCH, 2])
    assert [ahead.lane.message(one).attempts for one in ahead.ids] == [1] * len(TEXTS)


@pytest.mark.parametrize("plan", ["refused:busy", "lost:outcome_unknown", "sent:outcome_unknown"])
def test_what_is_noted_ahead_does_not_pass_one_that_could_not_go(ahead: Ahead, plan: str) -> None:
    lane = ahead.lane
    lane.engine.plan = {"6": [plan]}
    lane.engine.blind = True
    lane.run()
    assert lane.engine.went[:6] == TEXTS[:6]
    assert lane.engine.went[6:] in ([], ["6"])
    assert all(BEHIND in lane.steps(one) for one in ahead.ids[2 * BATCH :])
    assert ahead.status() == {"queued"}
    lane.engine.blind = False
    while lane.queue():
        lane.wake()
        lane.run()
    assert lane.engine.went == TEXTS


def test_one_that_fails_for_good_holds_up_nothing(ahead: Ahead) -> None:
    ahead.lane.engine.plan = {"6": ["refused:not_on_whatsapp"]}
    ahead.lane.run()
    assert (ahead.lane.engine.went, ahead.lane.engine.sizes) == ([one for one in TEXTS if one != "6"], [BATCH, BATCH, 2])
    assert all(BEHIND not in ahead.lane.steps(one) for one in ahead.ids)


def test_one_that_is_cancelled_before_it_is_noted_does_not_go(ahead: Ahead) -> None:
    lane = ahead.lane

    def cancelled(batch: int) -> None:
        if batch == 1:
            lane.house.messages.cancel(lane.user_id, ahead.ids[11])

    lane.engine.meanwhile = cancelled
    lane.run()
    assert lane.engine.went == [one for one in TEXTS if one != "11"]
    assert lane.message(ahead.ids[11]).status == "cancelled"


def test_one_that_was_accepted_for_another_account_does_not_go(ahead: Ahead) -> None:
    lane = ahead.lane
    lane.house.store._db["messages"].update_one({"_id": ObjectId(ahead.ids[11])}, {"$set": {"from": "+12025550777"}})
    lane.engine.meanwhile = lambda _: None
    lane.run()
    assert lane.engine.went == TEXTS[:11]
    assert [one["status"] for one in lane.message(ahead.ids[11]).timeline] == ["queued", "failed"]


def test_a_slow_engine_is_not_looked_ahead_of(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "QUICK_SECONDS", 0.0)
    lane = ahead.lane
    noted: list[set[str]] = []
    lane.engine.meanwhile = lambda _: noted.append(ahead.status())
    lane.run()
    assert (lane.engine.went, noted) == (TEXTS, [{"queued"}, {"queued"}, {"sending"}])


def test_who_has_lost_the_lane_leaves_what_it_noted_to_the_next(ahead: Ahead) -> None:
    lane = ahead.lane
    lane.engine.plan = {"6": ["refused:stale_claim"]}
    lane.run()
    assert ahead.status() == {"sending"}
    while lane.queue():
        lane.run()
    assert lane.engine.went == TEXTS


@pytest.mark.parametrize("point", ["lane.after-hand-over", "lane.after-done"])
def test_a_worker_that_dies_leaves_what_it_noted_to_the_next(ahead: Ahead, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """It has been handed the second batch over, and the third is noted."""
    lane = ahead.lane

    def killed(name: str) -> None:
        if name == point and len(lane.engine.sizes) == 2:
            raise SystemExit

    monkeypatch.setattr(deliveries, "crash_point", killed)
    with pytest.raises(SystemExit):
        lane.run()
    assert (lane.engine.went, ahead.status()) == (TEXTS[: 2 * BATCH], {"sending"})
    monkeypatch.setattr(deliveries, "crash_point", lambda _: None)
    lane.house.claims.drop(lane.session_id)
    while lane.queue():
        lane.wake()
        lane.run()
    assert lane.engine.went == TEXTS


def test_a_database_that_goes_away_while_the_next_is_noted_loses_and_doubles_nothing(
    ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = ahead.lane
    messages = lane.house.store.messages
    found = messages.get_many
    asked: list[int] = []

    def fails(ids: list[str]) -> dict[str, Any]:
        asked.append(len(ids))
        if len(asked) == 3:
            raise ConnectionError("gone")
        return found(ids)

    monkeypatch.setattr(messages, "get_many", fails)
    lane.engine.meanwhile = lambda _: None
    with pytest.raises(ConnectionError):
        lane.run()
    assert lane.engine.went == TEXTS[: 2 * BATCH]
    while lane.queue():
        lane.wake()
        lane.run()
    assert lane.engine.went == TEXTS
