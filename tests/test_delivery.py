"""A lane against everything an engine may answer: what is tried again, what fails, what is looked up, and in which order."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from tests.support.allowance import Unlimited
from tests.support.lane import PHONE, Lane
from wabot.lib.clock import now
from wabot.services import claims, message_machine
from wabot.services import delivery as deliveries
from wabot.services.delivery import REFUSALS
from wabot.services.drafts import Draft
from wabot.store.records import Message, Session

SOON = timedelta(seconds=-1)


def test_messages_go_out_in_the_order_of_their_acceptance(lane: Lane) -> None:
    texts = [f"{number}" for number in range(60)]
    sent = lane.send(*texts)
    assert lane.run()
    assert lane.engine.went == texts
    assert lane.house.store.outbox.queue(lane.session_id) == sent, "each keeps its place until WhatsApp says that it has it"
    lane.acknowledge(*sent)
    assert lane.run() is None
    assert lane.house.store.outbox.queue(lane.session_id) == []


def test_what_whatsapp_does_not_acknowledge_is_asked_about_after_a_while(lane: Lane) -> None:
    [silent] = lane.send("a")
    again = lane.run()
    assert again and timedelta(seconds=10) < again - now() <= timedelta(seconds=15)
    assert lane.message(silent).status == "sending"
    held = lane.house.claims.hold(lane.session_id)
    assert held
    held.passed_over[silent] = time.monotonic()
    lane.run()
    assert lane.steps(silent)[-1] == ("sent", "found in WhatsApp")
    assert lane.engine.went == ["a"]


@pytest.mark.parametrize("code", ["not_on_whatsapp", "message_too_long", "not_supported_by_engine"])
def test_what_can_never_be_sent_fails_at_once_and_holds_nobody_up(lane: Lane, code: str) -> None:
    lane.engine.plan = {"bad": [f"refused:{code}"]}
    _, bad, _ = lane.send("a", "bad", "b")
    lane.run()
    assert lane.engine.went == ["a", "b"]
    failed = lane.message(bad)
    assert (failed.status, failed.error and failed.error["code"], failed.attempts) == ("failed", code, 1)


def test_what_the_gateway_cannot_read_fails_by_itself(lane: Lane) -> None:
    lane.engine.unreadable = {"bad"}
    _, bad, _ = lane.send("a", "bad", "b")
    lane.run()
    assert lane.engine.went == ["a", "b"]
    failed = lane.message(bad)
    assert (failed.status, failed.error and failed.error["code"]) == ("failed", "not_supported_by_engine")


def test_tried_one_by_one_nothing_passes_what_has_to_wait(lane: Lane) -> None:
    lane.engine.unreadable = {"bad"}
    lane.engine.plan = {"a": ["refused:engine_error"]}
    first, _, last = lane.send("a", "bad", "b")
    lane.run()
    assert lane.engine.went == []
    assert (lane.message(first).status, lane.message(last).status) == ("queued", "queued")
    lane.wake()
    lane.run()
    assert lane.engine.went == ["a", "b"]


@pytest.mark.parametrize("code", ["engine_error", "session_not_connected", "busy", "journal_full", "stale_epoch"])
def test_after_a_passing_error_the_lane_rests_and_keeps_its_order(lane: Lane, code: str) -> None:
    lane.engine.plan = {"b": [f"refused:{code}", f"refused:{code}"]}
    _, second, third = lane.send("a", "b", "c")
    rests = []
    for _ in range(2):
        until = lane.run()
        record = lane.house.store.lanes.get(lane.session_id)
        assert until and record and record.rest_until == until
        assert (record.rest_why, lane.engine.went) == (code, ["a"])
        waits = lane.house.messages.waits_for(lane.message(second))
        assert waits and (waits.code, waits.until) == ("back_off", until)
        rests.append((until - now()).total_seconds())
        assert lane.run() == until, "it rests"
        lane.wake()
    assert 0.5 < rests[0] <= 1.25 and 1.2 < rests[1] <= 2.5
    lane.run()
    assert lane.engine.went == ["a", "b", "c"]
    assert [one for one in lane.steps(second) if one[0] == "queued"] == [("queued", None), ("queued", code), ("queued", code)]
    assert ("queued", "waits for the one before it") in lane.steps(third)
    record = lane.house.store.lanes.get(lane.session_id)
    assert record and (record.failures, record.rest_until) == (0, None)


def test_the_rest_grows_to_a_minute_and_no_further(lane: Lane) -> None:
    lane.send("a")
    claim = lane.house.claims.hold(lane.session_id)
    assert claim
    lengths = [(lane.house.claims.rest(claim, "busy") - now()).total_seconds() for _ in range(12)]
    assert 40 < lengths[-1] <= 75 and max(lengths) <= 75
    assert lengths[4] > lengths[1] > lengths[0]


def test_what_the_engine_refuses_again_and_again_fails(lane: Lane) -> None:
    lane.engine.plan = {"a": ["refused:engine_error"] * REFUSALS}
    first, _ = lane.send("a", "b")
    for _ in range(REFUSALS - 1):
        assert lane.run()
        assert lane.message(first).status == "queued"
        lane.wake()
    lane.run()
    failed = lane.message(first)
    assert (failed.status, failed.error and failed.error["code"], failed.attempts) == ("failed", "engine_error", REFUSALS)
    assert lane.engine.went == ["b"]


@pytest.mark.parametrize("trouble", ["refused:busy", "refused:engine_error", "lost:outcome_unknown", "sent:outcome_unknown"])
def test_what_the_lane_has_read_already_does_not_pass_what_goes_back(lane: Lane, trouble: str) -> None:
    texts = [f"{number}" for number in range(60)]
    lane.engine.plan = {"3": [trouble], "30": [trouble]}
    lane.send(*texts)
    while lane.queue():
        lane.run()
        lane.wake()
    assert lane.engine.went == texts


def test_what_was_interrupted_by_the_database_goes_first(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{number}" for number in range(60)]
    lane.send(*texts)
    messages = type(lane.house.store.messages)
    with monkeypatch.context() as away:
        away.setattr(messages, "get_many", lambda *_: (_ for _ in ()).throw(AutoReconnect("away")))
        with pytest.raises(AutoReconnect):
            lane.run()
    lane.run()
    assert lane.engine.went == texts


@pytest.mark.parametrize("plan", ["sent:outcome_unknown", "lost:outcome_unknown", "sent:internal", "lost:internal"])
def test_what_nobody_knows_is_looked_up_and_sent_once(lane: Lane, plan: str) -> None:
    """As when the library returns `undefined`: it may have gone out, or not."""
    lane.engine.plan = {"b": [plan]}
    _, open_one, _ = lane.send("a", "b", "c")
    lane.run()
    assert lane.engine.went == ["a", "b", "c"]
    detail = "found in WhatsApp" if plan.startswith("sent") else "not found in WhatsApp"
    assert detail in [one[1] for one in lane.steps(open_one)]


def test_where_ids_can_not_be_chosen_a_text_in_whatsapp_stands_for_one_message(lane: Lane) -> None:
    """Two of three equal texts went out, nobody knows which: one is sent again, and each has a WhatsApp id of its own."""
    lane.engine.chooses_ids = False
    lane.engine.plan = {"a": ["sent:outcome_unknown", "sent:outcome_unknown", "lost:outcome_unknown"]}
    ids = lane.send("a", "a", "a")
    lane.run()
    assert lane.engine.went == ["a", "a", "a"]
    assert [lane.steps(one)[-1] for one in ids] == [("sent", "found in WhatsApp")] * 2 + [("sending", None)]
    assert [lane.message(one).wa_message_id for one in ids] == [one for one, _ in lane.engine.own_ids]


def test_ticks_that_came_under_an_id_nobody_knew_are_asked_for(lane: Lane) -> None:
    lane.engine.chooses_ids = False
    lane.engine.plan = {"a": ["sent:outcome_unknown"]}
    lane.engine.acks = ["sent", "delivered"]
    [message_id] = lane.send("a")
    lane.run()
    assert lane.steps(message_id)[-1] == ("delivered", "found in WhatsApp")


def test_after_a_failure_one_is_tried_alone(lane: Lane) -> None:
    lane.engine.plan = {"a": ["refused:busy"]}
    lane.send("a", "b", "c")
    lane.run()
    lane.wake()
    lane.run()
    assert (lane.engine.sizes, lane.engine.went) == ([3, 1, 2], ["a", "b", "c"])


def test_while_it_is_open_nothing_passes_it_and_then_its_sender_decides(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    lane.engine.plan = {"b": ["sent:outcome_unknown"]}
    lane.engine.blind = True
    _, open_one, last = lane.send("a", "b", "c")
    assert lane.run()
    assert (lane.engine.went, lane.message(open_one).status) == (["a", "b"], "unknown")
    waits = lane.house.messages.waits_for(lane.message(last))
    assert waits and waits.code == "outcome_unknown"
    lane.wake()
    assert lane.run()
    assert lane.engine.went == ["a", "b"]
    monkeypatch.setattr(message_machine, "SETTLE_WINDOW", SOON)
    lane.wake()
    lane.run()
    assert (lane.engine.went, lane.message(open_one).status) == (["a", "b", "c"], "unknown")
    lane.engine.blind = False
    monkeypatch.setattr(claims, "_ASK_AGAIN_AFTER", SOON)
    again = lane.run()
    claim = lane.house.claims.hold(lane.session_id)
    assert again and again > now() and claim, "it is asked about now and then"
    claim.passed_over.clear()
    lane.run()
    assert (lane.engine.went, lane.message(open_one).status, lane.queue()) == (["a", "b", "c"], "sent", [])


def test_who_has_lost_the_lane_leaves_everything_as_it_is(lane: Lane) -> None:
    lane.engine.plan = {"a": ["refused:stale_claim"]}
    first, second = lane.send("a", "b")
    assert lane.run() is None
    assert [lane.message(one).status for one in (first, second)] == ["sending", "sending"]
    assert lane.queue() == [first, second]
    lane.run()  # taken anew, with the next epoch: looked up, and sent
    assert (lane.engine.went, lane.engine.claims) == (["a", "b"], [1, 2])


def test_what_another_has_handed_over_since_is_left_to_it(lane: Lane) -> None:
    """The lane was lost between reading the queue and reading the messages."""
    [message_id] = lane.send("a")
    held = lane.house.claims.hold(lane.session_id)
    assert held
    lane.house.store.messages.start_many([message_id], ["queued"], {"status": "sending", "at": now()}, held.epoch + 1)
    lane.engine.blind = True
    assert lane.run() is None
    assert (lane.message(message_id).status, lane.engine.went) == ("sending", [])


def test_a_rest_is_over_when_the_session_was_away_and_is_back(lane: Lane) -> None:
    lane.engine.plan = {"a": ["refused:busy"]}
    lane.send("a")
    assert lane.run()
    lane.house.store.sessions.change(lane.session_id, 1, {"status": "reconnecting"})
    assert lane.delivery.run_lane(lane.session_id) is None
    lane.run()
    assert lane.engine.went == ["a"]


def test_a_retried_message_wakes_its_lane(lane: Lane) -> None:
    """Stored by a process that died before it marked the lane."""
    draft = Draft(PHONE, "first", idempotency_key="k")
    message, _ = lane.house.messages.accept(lane.user_id, draft, "corr", Unlimited())
    lane.house.store.lanes.erase(lane.session_id)
    lane.house.acceptance._marked.clear()
    again, new = lane.house.messages.accept(lane.user_id, draft, "corr", Unlimited())
    assert (again.id, new) == (message.id, False)
    assert [one.id for one in lane.house.store.lanes.waiting()] == [lane.session_id]


def test_a_message_that_is_cancelled_at_the_last_moment_does_not_go(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it was read, and before its hand-over is noted."""
    _, second, _ = lane.send("a", "b", "c")
    is_for = deliveries.is_for

    def cancels(message: Message, session: Session) -> bool:
        if message.id == second:
            lane.house.messages.cancel(lane.user_id, second)
        return is_for(message, session)

    monkeypatch.setattr(deliveries, "is_for", cancels)
    lane.run()
    assert (lane.engine.went, lane.message(second).status) == (["a", "c"], "cancelled")


def test_a_cancelled_message_is_skipped(lane: Lane) -> None:
    ids = lane.send("a", "b", "c")
    lane.house.messages.cancel(lane.user_id, ids[1])
    lane.run()
    assert (lane.engine.went, lane.message(ids[1]).status, lane.queue()) == (["a", "c"], "cancelled", [])
