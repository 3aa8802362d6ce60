"""Who has a lane: it is taken from the dead and from those that overslept, from nobody else; and what it had come to goes with it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.support.lane import Lane
from tests.support.stack import ROOT
from wabot.lib.clock import now
from wabot.services import acceptance, aftercare, claims
from wabot.services.claims import LEASE, Claim

HERE = claims.owner_name().partition(":")[0]


def held(lane: Lane) -> Claim:
    claim = lane.house.claims.hold(lane.session_id)
    assert claim
    return claim


def given_to(lane: Lane, owner: str, left: timedelta = LEASE) -> None:
    """The lane is that worker's, for so long."""
    seen = lane.house.store.lanes.get(lane.session_id)
    assert seen and lane.house.store.lanes.take(seen, owner, now() + left)


def a_dead_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_lane_is_taken_at_once_from_a_worker_that_is_dead(lane: Lane) -> None:
    lane.send("a")
    given_to(lane, f"{HERE}:{a_dead_pid()}:x")
    assert held(lane).epoch == 2


def test_a_worker_in_another_container_may_live_whatever_its_pid_is(lane: Lane) -> None:
    """Containers of one network have one hostname."""
    name = "from wabot.services.claims import owner_name; print(owner_name())"
    alone = ["unshare", "--user", "--map-root-user", "--pid", "--fork", sys.executable, "-c", name]
    place = subprocess.check_output(alone, text=True, cwd=ROOT, timeout=30).partition(":")[0]
    lane.send("a")
    given_to(lane, f"{place}:{a_dead_pid()}:x")
    assert lane.house.claims.hold(lane.session_id) is None


@pytest.mark.parametrize("owner", [f"{HERE}:{os.getpid()}:another", f"elsewhere:{2**22 + 1}:x"], ids=["here", "elsewhere"])
def test_a_lane_is_left_to_whoever_may_live_until_the_lease_is_over(lane: Lane, owner: str) -> None:
    lane.send("a")
    given_to(lane, owner)
    assert lane.house.claims.hold(lane.session_id) is None
    given_to(lane, owner, timedelta(seconds=-1))
    assert held(lane).epoch == 3


def test_a_lease_is_renewed_in_time_for_a_batch(lane: Lane) -> None:
    lane.send("a")
    claim = held(lane)
    claim.lease_until = now() + LEASE / 2
    lane.house.store.lanes.renew(lane.session_id, claim.owner, claim.epoch, claim.lease_until)
    renewed = held(lane)
    record = lane.house.store.lanes.get(lane.session_id)
    assert record and record.lease_until == renewed.lease_until > now() + LEASE * 0.9
    assert renewed.epoch == 1


def test_a_lease_that_is_another_workers_is_not_renewed(lane: Lane) -> None:
    lane.send("a")
    claim = held(lane)
    given_to(lane, "elsewhere:1:x")
    claim.lease_until = now() + LEASE / 2
    assert lane.house.claims.hold(lane.session_id) is None


def test_whoever_rests_in_a_lane_that_was_lost_notices(lane: Lane) -> None:
    lane.send("a")
    claim = held(lane)
    given_to(lane, "elsewhere:1:x")
    lane.house.claims.rest(claim, "busy")
    assert lane.house.claims.hold(lane.session_id) is None
    record = lane.house.store.lanes.get(lane.session_id)
    assert record and (record.rest_until, record.failures) == (None, 0)


def test_who_takes_a_lane_over_keeps_to_its_rest(lane: Lane) -> None:
    lane.engine.plan = {"a": ["refused:busy", "refused:busy"]}
    lane.send("a", "b")
    until = lane.run()
    lane.house.claims.release_all()
    assert lane.run() == until
    lane.wake()
    lane.run()
    record = lane.house.store.lanes.get(lane.session_id)
    assert record and record.failures == 2
    assert lane.engine.sizes == [2, 1], "after a failure one is tried alone"


def test_a_message_that_comes_while_its_lane_is_given_back_keeps_it_awake(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker stood still after it had seen the queue empty."""
    lane.see()
    lane.house.store.lanes.mark({lane.session_id: lane.user_id}, now() - timedelta(minutes=2))
    held(lane).empty_since = now() - timedelta(minutes=1)
    read = lane.house.store.outbox.queue

    def stands_still(session_id: str) -> list[str]:
        found = read(session_id)
        lane.send("a")
        monkeypatch.setattr(claims, "now", lambda: now() + timedelta(minutes=1))
        return found

    monkeypatch.setattr(lane.house.store.outbox, "queue", stands_still)
    lane.run()
    assert [one.id for one in lane.house.store.lanes.waiting()] == [lane.session_id]


def test_a_mark_is_taken_for_granted_for_a_third_of_the_time_that_it_keeps_a_lane_awake() -> None:
    """Else a message could be accepted unmarked while the worker gives its lane back."""
    assert timedelta(seconds=3 * acceptance._MARKED_SECONDS) <= claims._KEPT_AWAKE == aftercare._MARK_LASTS
