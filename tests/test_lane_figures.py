"""What a lane tells, and how seldom it reads: each change once, a long queue now and then, a full one not with every refusal."""

from __future__ import annotations

import itertools

import pytest

from tests.support.allowance import Unlimited
from tests.support.lane import PHONE, Lane, ack_event
from wabot.errors import RateLimited
from wabot.lib.clock import now
from wabot.services import queue_gauge
from wabot.services.drafts import Draft


def test_each_change_is_told_once_whatever_is_repeated(lane: Lane) -> None:
    """On the timeline and to the pages: acks that come early, late, twice and in the wrong order add nothing."""
    lane.engine.plan = {"a": ["refused:busy"]}
    [message_id] = lane.send("a")
    lane.run()
    lane.wake()
    lane.run()
    wa_id = str(lane.message(message_id).wa_message_id)
    seq = itertools.count(1)
    for acks in (["delivered"], ["sent"], ["sent", "delivered"], ["read", "delivered"], ["read"], ["sent"]):
        batch = [ack_event(lane.session_id, wa_id, ack, next(seq)) for ack in acks]
        lane.house.ingest.apply(batch)
        lane.house.ingest.apply(batch)
    wanted = ["queued", "sending", "queued", "sending", "delivered", "read"]
    assert [one for one, _ in lane.steps(message_id)] == wanted
    assert lane.recorder.told == [(message_id, status) for status in wanted]


def test_a_long_queue_is_read_now_and_then_and_not_with_every_batch(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    queue = type(lane.house.store.outbox).queue

    def counted(outbox: object, session_id: str) -> list[str]:
        reads.append(session_id)
        return queue(outbox, session_id)  # type: ignore[arg-type]

    monkeypatch.setattr(type(lane.house.store.outbox), "queue", counted)
    lane.send(*[f"{number}" for number in range(200)])
    while (again := lane.run()) and again <= now():
        pass
    assert len(lane.engine.went) == 200
    assert len(reads) == 2, "once all, once nothing"


def test_a_full_queue_refuses_and_is_not_counted_with_every_refusal(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_gauge, "QUEUE_LENGTH", 3)
    counted: list[str] = []
    waiting_of = type(lane.house.store.outbox).waiting_of

    def count(outbox: object, user_id: str, at_most: int) -> int:
        counted.append(user_id)
        return waiting_of(outbox, user_id, at_most)  # type: ignore[arg-type]

    monkeypatch.setattr(type(lane.house.store.outbox), "waiting_of", count)
    sent = lane.send("a", "b", "c")
    for _ in range(3):
        with pytest.raises(RateLimited) as refused:
            lane.send("d")
        assert (refused.value.code, refused.value.retry_after) == ("queue_full", 30)
    assert len(counted) == 1
    monkeypatch.setattr(queue_gauge, "_FRESH_SECONDS_FULL", 0.0)
    lane.run()
    lane.acknowledge(*sent)
    lane.send("d")


class Counted(Unlimited):
    taken = 0

    def take(self) -> None:
        self.taken += 1

    def give_back(self) -> None:
        self.taken -= 1


def test_what_a_full_queue_refuses_takes_nothing_of_what_may_be_sent(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_gauge, "QUEUE_LENGTH", 1)
    lane.send("a")
    allowance = Counted()
    with pytest.raises(RateLimited):
        lane.house.messages.accept(lane.user_id, Draft(PHONE, "b"), "corr", allowance)
    assert allowance.taken == 0
