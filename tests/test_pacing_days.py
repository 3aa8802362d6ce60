"""Pacing from one day to the next, and by chance."""

from __future__ import annotations

from datetime import timedelta

from tests.support.lane import PHONE, Lane
from wabot.lib.clock import day, now
from wabot.services.pacing import NEW_CONTACT_FACTOR
from wabot.store.ids import new_id
from wabot.store.records import PacingRecord, Session

LIVE = Session(id="s", user_id="u", name="default", engine="webjs", network="live", created_at=now())


def set_pace(lane: Lane, **values: int) -> None:
    current = lane.house.preferences.current().model_dump()
    lane.house.preferences.replace({**current, "pacing": {**current["pacing"], **values}})


def test_the_cap_of_one_day_is_none_of_the_next(lane: Lane) -> None:
    set_pace(lane, per_day=2, min_gap_ms=0, jitter_ms=0)
    yesterday = now() - timedelta(days=1)
    lane.house.store.pacing.put(PacingRecord(LIVE.id, yesterday, day(yesterday), 2))
    assert lane.house.pacing.wait(LIVE) is None
    lane.house.pacing.note(LIVE, PHONE, new_id())
    noted = lane.house.store.pacing.get(LIVE.id)
    assert noted and (noted.day, noted.count) == (day(now()), 1)


def test_gaps_differ_by_chance_and_are_longer_before_new_contacts(lane: Lane) -> None:
    set_pace(lane, min_gap_ms=0, jitter_ms=600_000)
    gaps = set()
    for _ in range(5):
        lane.house.pacing.note(LIVE, PHONE, new_id())
        noted = lane.house.store.pacing.get(LIVE.id)
        assert noted
        gaps.add(round((noted.next_at - now()).total_seconds()))
    assert len(gaps) > 1
    assert NEW_CONTACT_FACTOR > 1
