"""Ticks of many messages in one write: each message gets its own, is told and marked for its own user, and holds up no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, WriteError

from tests.support.lane import Lane, ack_event
from wabot.lib.clock import now, to_rfc3339
from wabot.services.acks import Acked
from wabot.services.waits import Waits
from wabot.store.ids import new_id
from wabot.store.records import Message


def on_their_way(lane: Lane, *texts: str) -> list[Message]:
    messages = [lane.message(one) for one in lane.send(*texts)]
    lane.run()
    lane.recorder.told.clear()
    return [lane.message(one.id) for one in messages]


def tick(message: Message, ack: str, seq: int, at: datetime | None = None) -> dict[str, Any]:
    event = ack_event(message.session_id, str(message.wa_message_id), ack, seq)
    event["data"]["at"] = to_rfc3339(at or now())
    return event


def test_a_tick_is_not_lost_when_somebody_else_moves_its_message_meanwhile(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = on_their_way(lane, "a", "b")
    messages = type(lane.house.store.messages)
    advance = messages.advance_many

    def later(store: Any, ids: list[str], *more: Any) -> set[str]:
        monkeypatch.setattr(messages, "advance_many", advance)
        lane.house.progress.move(first, "sent", detail="found in WhatsApp")
        return advance(store, ids, *more)

    monkeypatch.setattr(messages, "advance_many", later)
    lane.house.ingest.apply([tick(one, "delivered", seq) for seq, one in enumerate((first, second), 1)])
    assert [one for one, _ in lane.steps(first.id)][-2:] == ["sent", "delivered"]
    assert sorted(lane.recorder.told) == sorted([(first.id, "sent"), (first.id, "delivered"), (second.id, "delivered")])


@pytest.mark.parametrize("overtakes", [("a",), ("a", "b")])
def test_a_tick_that_two_processes_apply_at_the_same_moment_is_counted_once(
    lane: Lane, monkeypatch: pytest.MonkeyPatch, overtakes: tuple[str, ...]
) -> None:
    """As when a slow web's gateway gives the same batch to another; both have read what is to be moved."""
    sending = on_their_way(lane, "a", "b")
    messages, at, other = type(lane.house.store.messages), now() + timedelta(seconds=1), lane.house.ingest.acks
    advance = messages.advance_many

    def overtaken(store: Any, ids: list[str], *more: Any) -> set[str]:
        monkeypatch.setattr(messages, "advance_many", advance)
        first = [Acked(one.session_id, str(one.wa_message_id), one.id, [("sent", at)]) for one in sending]
        other.apply([one for one, message in zip(first, sending, strict=True) if message.message in overtakes])
        return advance(store, ids, *more)

    monkeypatch.setattr(messages, "advance_many", overtaken)
    lane.house.ingest.apply([tick(one, "sent", seq, at) for seq, one in enumerate(sending, 1)])
    assert sorted(lane.recorder.told) == sorted((one.id, "sent") for one in sending)
    assert [lane.steps(one.id)[-1] for one in sending] == [("sent", None)] * 2


def test_a_tick_that_the_database_will_not_take_holds_up_no_other(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    full, other = on_their_way(lane, "a", "b")
    messages = type(lane.house.store.messages)
    advance = messages.advance_many

    def refuses(store: Any, ids: list[str], *more: Any) -> set[str]:
        if full.id in ids:
            raise WriteError("too large")
        return advance(store, ids, *more)

    monkeypatch.setattr(messages, "advance_many", refuses)
    assert lane.house.ingest.apply([tick(one, "sent", seq) for seq, one in enumerate((full, other), 1)]) == 2
    assert (lane.message(full.id).status, lane.message(other.id).status) == ("sending", "sent")


@pytest.mark.parametrize("first", ["heard", "unheard"])
def test_ticks_are_marked_to_be_told_for_those_whose_events_are(lane: Lane, first: str) -> None:
    lane.house.hearing.begin(lane.user_id)
    [heard] = on_their_way(lane, "a")
    lane.house.store.messages.told([heard])
    of_another = {"id": new_id(), "user_id": new_id(), "session_id": "elsewhere", "untold": None, "told": 0}
    unheard = replace(heard, **of_another)
    lane.house.store.messages.add(unheard)
    order = [heard, unheard] if first == "heard" else [unheard, heard]
    at = now() + timedelta(seconds=1)
    gap = timedelta(milliseconds=10)
    lane.house.ingest.apply([tick(one, "sent", seq, at + seq * gap) for seq, one in enumerate(order, 1)])
    seen = lane.message(heard.id), lane.message(unheard.id)
    assert [(one.status, one.untold is not None) for one in seen] == [("sent", True), ("sent", False)]


def test_ticks_share_a_time_only_when_they_came_together(lane: Lane) -> None:
    messages = on_their_way(lane, "a", "b", "c")
    soon = now() + timedelta(seconds=5)
    times = [soon, soon + timedelta(seconds=0.25), soon + timedelta(seconds=20)]
    lane.house.ingest.apply([tick(one, "sent", seq, times[seq]) for seq, one in enumerate(messages)])
    assert [lane.message(one.id).updated_at for one in messages] == [times[1], times[1], times[2]]


def test_what_whatsapp_rejects_has_failed_with_its_reason(lane: Lane) -> None:
    [message] = on_their_way(lane, "a")
    lane.house.ingest.apply([tick(message, "failed", 1)])
    failed = lane.message(message.id)
    assert (failed.status, failed.error and failed.error["code"]) == ("failed", "rejected_by_whatsapp")
    assert lane.recorder.told == [(message.id, "failed")]


@pytest.mark.parametrize(
    ("acks", "ends"), [(("failed", "sent"), "sent"), (("sent", "failed"), "sent"), (("read", "failed"), "read")]
)
def test_what_whatsapp_has_taken_has_not_failed(lane: Lane, acks: tuple[str, str], ends: str) -> None:
    [message] = on_their_way(lane, "a")
    for seq, ack in enumerate(acks, 1):
        lane.house.ingest.apply([tick(message, ack, seq)])
    assert lane.message(message.id).status == ends


def test_ticks_that_could_not_be_stored_are_taken_when_they_come_again(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    [message] = on_their_way(lane, "a")
    events = [tick(message, "sent", 1)]

    def away(*_: Any) -> set[str]:
        raise AutoReconnect("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(lane.house.store.messages), "advance_many", away)
        with pytest.raises(AutoReconnect):
            lane.house.ingest.apply(events)
    assert lane.house.ingest.apply(events) == 1
    assert lane.message(message.id).status == "sent"


def test_a_hand_over_and_what_follows_are_marked_to_be_told(lane: Lane) -> None:
    lane.house.hearing.begin(lane.user_id)
    store = lane.house.store.messages
    message = lane.message(lane.send("a")[0])
    store.told([message])
    [sending] = lane.house.progress.start_sending([message], 1, Waits())
    assert lane.message(message.id).untold
    store.told([lane.message(message.id)])
    lane.house.progress.move(sending, "unknown")
    assert lane.message(message.id).untold
