"""A message that could not go and is tried again is one message to pacing: with the gap of the first one to its number, and counted once."""

from __future__ import annotations

from datetime import timedelta

from tests.support.lane import Lane
from wabot.lib.clock import now
from wabot.services.pacing import NEW_CONTACT_FACTOR

GAP = timedelta(minutes=5)


def test_a_retry_is_paced_as_the_first_try_and_counted_once(lane: Lane) -> None:
    current = lane.house.preferences.current().model_dump()
    pace = {"min_gap_ms": GAP // timedelta(milliseconds=1), "jitter_ms": 0}
    lane.house.preferences.replace({**current, "pacing": {**current["pacing"], **pace}})
    lane.house.store.sessions.change(lane.session_id, 1, {"network": "live"})
    lane.engine.plan = {"first": ["refused:busy"]}
    lane.send("first", "second")
    lane.run()
    assert lane.engine.went == []
    let_the_gap_be_over(lane)
    lane.wake()
    lane.run()
    assert lane.engine.went == ["first"]
    record = lane.house.store.pacing.get(lane.session_id)
    assert record and record.count == 1
    assert record.next_at - now() > (NEW_CONTACT_FACTOR - 0.5) * GAP, "it was the first message to this number"
    let_the_gap_be_over(lane)
    lane.run()
    record = lane.house.store.pacing.get(lane.session_id)
    assert (lane.engine.went, record and record.count) == (["first", "second"], 2)
    assert record and record.next_at - now() <= GAP


def let_the_gap_be_over(lane: Lane) -> None:
    lane.house.store.pacing._pacing.update_one({"_id": lane.session_id}, {"$set": {"next_at": now()}})
