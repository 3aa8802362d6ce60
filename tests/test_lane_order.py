"""Nothing overtakes: neither after a session was away, nor what was scheduled earlier and joins a queue that is being served."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from tests.support.allowance import Unlimited
from tests.support.lane import PHONE, Lane
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.gateway import Gateway, Outcome
from wabot.services import claims
from wabot.services import delivery as deliveries
from wabot.services.drafts import Draft
from wabot.services.progress import Progress
from wabot.store.records import Message, Session


@pytest.fixture
def one_batch_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "SLICE_SECONDS", 0.0)


def test_what_a_browser_took_and_lost_is_looked_up_before_the_next_goes(
    lane: Lane, one_batch_a_run: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BATCH", 1)
    lane.engine.swallows = {"a"}
    lost, _ = lane.send("a", "b")
    lane.run()
    assert (lane.message(lost).status, lane.engine.went) == ("sending", [])
    lane.since = now() + timedelta(milliseconds=1)  # away, and back in another browser
    for _ in range(3):
        lane.run()
    assert lane.engine.went == ["a", "b"]
    assert ("queued", "not found in WhatsApp") in lane.steps(lost)


def test_what_a_dead_worker_had_not_put_back_does_not_pass_what_it_had(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The light engine looks a message up by sending it again."""
    lane.engine.plan = {"a": ["refused:session_not_connected"]}
    lane.engine.sends_again = True
    move = Progress.move

    def dies_at_c(progress: Progress, message: Message, status: str, **more: Any) -> bool:
        if message.message == "c":
            raise SystemExit
        return move(progress, message, status, **more)

    *_, third, _ = lane.send("a", "b", "c", "d")
    monkeypatch.setattr(Progress, "move", dies_at_c)
    with pytest.raises(SystemExit):
        lane.run()
    monkeypatch.setattr(Progress, "move", move)
    lane.house.claims.drop(lane.session_id)
    assert lane.message(third).status == "sending"
    monkeypatch.setattr(deliveries, "BATCH", 5)
    lane.send("e", "f", "g")
    lane.run()
    assert lane.engine.went == ["a", "b", "c", "d", "e", "f", "g"]


def test_what_is_open_is_looked_up_in_its_order_and_holds_the_later_up(lane: Lane) -> None:
    """The light engine looks a message up by sending it again."""
    lane.engine.swallows = {"a", "b"}
    lane.engine.sends_again = True
    lane.send("a", "b", "c")
    lane.run()
    lane.engine.went.clear()
    lane.since = now() + timedelta(milliseconds=1)  # away, and back
    lane.engine.hidden = {"a": "busy"}
    lane.run()
    assert lane.engine.went == []
    lane.engine.hidden = {}
    lane.wake()
    lane.run()
    assert lane.engine.went == ["a", "b"]


def test_what_one_who_had_lost_the_lane_begins_all_the_same_is_passed_by_nothing(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between this worker's reading of the messages and its note of the hand-over."""
    monkeypatch.setattr(deliveries, "BATCH", 2)
    _, second, *_ = lane.send("a", "b", "c", "d")
    is_for = deliveries.is_for

    def begins_another(message: Message, session: Session) -> bool:
        if message.id == second and message.attempts == 0:
            lane.house.store.messages.start_many([second], ["queued"], {"status": "sending", "at": now()}, 0)
        return is_for(message, session)

    monkeypatch.setattr(deliveries, "is_for", begins_another)
    lane.run()
    assert (lane.engine.went, lane.engine.sizes[0]) == (["a", "b", "c", "d"], 1)


def test_what_was_scheduled_joins_a_queue_that_is_being_served_at_its_place(
    lane: Lane, one_batch_a_run: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane.see()
    draft = Draft(PHONE, "scheduled", send_at=now() + timedelta(hours=1))
    scheduled, _ = lane.house.messages.accept(lane.user_id, draft, "corr", Unlimited())
    lane.send(*[f"{number}" for number in range(60)])
    lane.run()
    assert len(lane.engine.went) == 25
    due = {"due": to_rfc3339(now()), "send_at": now()}
    lane.house.store._db["messages"].update_one({"_id": ObjectId(scheduled.id)}, {"$set": due})
    assert lane.house.schedule.promote() == 1
    monkeypatch.setattr(claims, "_READ_AGAIN_SECONDS", 0.0)
    lane.run()
    assert lane.engine.went[25] == "scheduled"


@pytest.mark.parametrize("other", [{"phone": "+12025550777"}, {"network": "live"}])
def test_nothing_goes_out_from_another_account(lane: Lane, other: dict[str, str]) -> None:
    lane.engine.plan = {"b": ["lost:outcome_unknown"]}
    lane.engine.blind = True
    _, open_one, waiting = lane.send("a", "b", "c")
    lane.run()
    lane.house.store.sessions.change(lane.session_id, 1, other)
    lane.house.messages.accept(lane.user_id, Draft(PHONE, "d"), "corr", Unlimited())
    lane.engine.blind = False
    lane.wake()
    for _ in range(4):
        lane.run()
    assert lane.engine.went == ["a", "d"]
    ends = {one: lane.message(one) for one in (open_one, waiting)}
    assert {one: (each.status, each.error and each.error["code"]) for one, each in ends.items()} == {
        open_one: ("failed", "outcome_unknown"),
        waiting: ("failed", "account_changed"),
    }


def test_what_another_worker_has_handed_over_since_is_not_failed_for_the_account(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one slept past its lease between reading the message and failing it; the account is back meanwhile."""
    [message_id] = lane.send("a")
    held = lane.house.claims.hold(lane.session_id)
    assert held

    def sleeps(_: Message, __: Session) -> bool:
        lane.house.store.messages.start_many([message_id], ["queued"], {"status": "sending", "at": now()}, held.epoch + 1)
        return False

    monkeypatch.setattr(deliveries, "is_for", sleeps)
    lane.run()
    assert lane.message(message_id).status == "sending"


def test_a_paced_lane_hands_over_one_at_a_time_and_notes_it_first(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a worker that is killed in between would be followed by one that sends the next at once."""
    lane.house.store.sessions.change(lane.session_id, 1, {"network": "live"})
    lane.send("a", "b", "c")
    again = lane.run()
    assert (lane.engine.sizes, lane.engine.went) == ([1], ["a"])
    session = lane.house.store.sessions.get(lane.session_id)
    assert session and (wait := lane.house.pacing.wait(session)) and again == wait.until
    lane.house.store.pacing.forget(lane.session_id)

    def is_killed(*_: Any) -> list[Outcome]:
        raise SystemExit

    monkeypatch.setattr(Gateway, "send", is_killed)
    with pytest.raises(SystemExit):
        lane.run()
    assert lane.house.pacing.wait(session)


def test_the_time_whatsapp_was_away_is_not_held_against_what_is_open(lane: Lane) -> None:
    lane.engine.plan = {"a": ["lost:outcome_unknown"]}
    lane.engine.blind = True
    first, _ = lane.send("a", "b")
    lane.run()
    assert lane.message(first).status == "unknown"
    long_ago = {"updated_at": now() - timedelta(minutes=3)}
    lane.house.store._db["messages"].update_one({"_id": ObjectId(first)}, {"$set": long_ago})
    lane.since = now()
    lane.wake()
    lane.run()
    assert lane.engine.went == [], "it was asked once since it is back"
    assert not lane.house.messages.undecided(lane.message(first))
    lane.since = now() - timedelta(minutes=3)
    lane.wake()
    lane.run()
    assert lane.engine.went == ["b"]
    assert lane.house.messages.undecided(lane.message(first))
