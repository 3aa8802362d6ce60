"""The clock is set back by hours, as when it is put right after a start: what was noted before lies in the future, and holds nothing up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.lane import PHONE, Lane
from wabot.lib.clock import now
from wabot.services import aftercare, claims, delivery
from wabot.store.ids import new_id
from wabot.store.records import Session

BEFORE = timedelta(hours=2)


@pytest.mark.parametrize("worker", ["the same", "another"])
def test_a_lane_does_not_rest_till_then(lane: Lane, worker: str) -> None:
    lane.engine.plan = {"a": ["refused:busy"]}
    lane.send("a")
    lane.run()
    claim = lane.house.claims.hold(lane.session_id)
    assert claim and claim.rest_until
    claim.rest_until += BEFORE
    if worker == "another":
        lane.house.store.lanes.rest(lane.session_id, claim.owner, claim.epoch, claim.rest_until, "busy", 1)
        lane.house.claims.release_all()
    lane.run()
    assert lane.engine.went == ["a"]


def test_a_lost_ack_is_not_waited_for_till_then(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    lane.send("a")
    lane.run()
    for module in (claims, delivery):
        monkeypatch.setattr(module, "now", lambda: now() - BEFORE)
    again = lane.run()
    assert again and again - (now() - BEFORE) <= claims._ASK_AGAIN_AFTER


def test_what_is_accepted_and_forgotten_from_then_on_is_found(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another process: one that runs on counts its ids on from where it was."""
    monkeypatch.setattr(aftercare, "now", lambda: now() + BEFORE)
    lane.house.aftercare.look_after(lane.user_id)
    monkeypatch.setattr(aftercare, "now", lambda: now() + timedelta(minutes=1))
    lane.send("a")
    lane.house.store.lanes.erase(lane.session_id)
    lane.house.acceptance._marked.clear()
    lane.house.aftercare.look_after(lane.user_id)
    assert lane.house.store.lanes.waiting()


def test_a_session_is_not_paced_till_then(lane: Lane) -> None:
    pacing, noted_in = lane.house.pacing, lane.house.store.pacing
    session = Session(id="s", user_id="u", name="default", engine="webjs", network="live", created_at=now())
    pacing.note(session, PHONE, new_id())
    noted = noted_in.get(session.id)
    assert noted and pacing.wait(session)
    noted_in.put(replace(noted, next_at=noted.next_at + BEFORE))
    assert pacing.wait(session) is None
