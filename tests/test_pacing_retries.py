"""A message that could not go and is tried again is one message to pacing: with the gap of the first one to its number, and counted once."""

from __future__ import annotations

from datetime import timedelta

from tests.support.lane import PHONE, Lane
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


def test_how_long_a_message_to_a_new_number_waits_counts_the_longer_gaps(lane: Lane) -> None:
    """Who writes to many for the first time was told less than half of the time."""
    current = lane.house.preferences.current().model_dump()
    lane.house.preferences.replace({**current, "pacing": {**current["pacing"], "min_gap_ms": 2000, "jitter_ms": 0}})
    lane.house.store.sessions.change(lane.session_id, 1, {"network": "live"})
    *_, last = lane.send(*(f"message {number}" for number in range(31)))
    waits = lane.house.messages.waits_for(lane.message(last))
    assert waits and waits.until and timedelta(seconds=170) < waits.until - now() < timedelta(seconds=190)
    session = lane.house.store.sessions.get(lane.session_id)
    assert session
    lane.house.pacing.note(session, PHONE, "of yesterday")
    waits = lane.house.messages.waits_for(lane.message(last))
    assert waits and waits.until and timedelta(seconds=55) < waits.until - now() < timedelta(seconds=75)
