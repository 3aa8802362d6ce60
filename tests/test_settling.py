"""What became of a hand-over is found out, by whoever has the lane, and by nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.lane import PHONE, Lane
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.gateway import Gateway, Outcome


@pytest.mark.parametrize("outcome", ["refused:not_on_whatsapp", "refused:busy", "lost:outcome_unknown"])
def test_what_another_hands_over_while_an_answer_is_slept_on_is_left_to_it(
    lane: Lane, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    [message_id] = lane.send("a")
    lane.engine.plan, lane.engine.blind = {"a": [outcome]}, True
    send = Gateway.send

    def sleeps(gateway: Gateway, *what: Any) -> list[Outcome]:
        outcomes = send(gateway, *what)
        lane.house.progress.move(lane.message(message_id), "queued", detail="by another")
        lane.house.store.messages.start_many([message_id], ["queued"], {"status": "sending", "at": now()}, what[2]["epoch"] + 1)
        return outcomes

    monkeypatch.setattr(Gateway, "send", sleeps)
    lane.run()
    assert lane.message(message_id).status == "sending"


def test_whose_lane_is_lost_when_it_looks_up_leaves_it_open(lane: Lane) -> None:
    lane.engine.plan, lane.engine.hidden = {"a": ["lost:outcome_unknown"]}, {"a": "stale_claim"}
    [message_id] = lane.send("a")
    assert lane.run() is None
    record = lane.house.store.lanes.get(lane.session_id)
    assert record and (record.failures, lane.message(message_id).status) == (0, "sending")


def test_what_is_found_but_not_acknowledged_is_looked_up_again_after_a_while(lane: Lane) -> None:
    lane.engine.plan, lane.engine.acks = {"a": ["sent:outcome_unknown"]}, ["pending"]
    [message_id] = lane.send("a")
    again = lane.run()
    assert again and again > now() + timedelta(seconds=5)
    assert lane.message(message_id).status == "sending"


def test_a_message_that_was_told_of_as_written_on_the_phone_is_found_to_be_ours(lane: Lane) -> None:
    """By a WhatsApp Web with ids of its own, which it came in under before its hand-over was answered."""
    lane.engine.chooses_ids = False
    lane.engine.plan, lane.engine.blind = {"a": ["sent:outcome_unknown"]}, True
    [message_id] = lane.send("a")
    lane.run()
    [(wa_id, _)] = lane.engine.own_ids
    chat = {"phone": PHONE, "lid": None}
    letter = {"wa_message_id": wa_id, "chat": chat, "from": None, "from_me": True, "body": "a", "at": to_rfc3339(now())}
    event = {"id": "phone-1", "seq": 1, "type": "message.received", "session_id": lane.session_id, "epoch": 1}
    lane.house.ingest.apply([{**event, "data": {**letter, "recovered": False}}])
    twin = lane.house.store.messages.by_wa_id(lane.session_id, wa_id)
    assert twin and twin.origin == "phone"
    lane.engine.blind = False
    lane.wake()
    lane.run()
    assert (lane.message(message_id).status, lane.message(message_id).wa_message_id) == ("sent", wa_id)
    assert lane.house.store.messages.get(twin.id) is None
    assert lane.engine.went == ["a"]
