"""The message state machine: forwards only, and every state reachable."""

from __future__ import annotations

from wabot.events import REGISTRY
from wabot.services.message_machine import ACK_TO_STATUS, ALLOWED_FROM, WAITING
from wabot.store.outbox import HELD, place_after

TICKS = ["sent", "delivered", "read"]
FINAL = set(ALLOWED_FROM) - set(HELD)


def test_ticks_never_run_backwards() -> None:
    for index, status in enumerate(TICKS):
        assert not ALLOWED_FROM[status] & set(TICKS[index:])


def test_what_came_in_gets_no_ticks() -> None:
    assert all("received" not in allowed_from for allowed_from in ALLOWED_FROM.values())


def test_nothing_that_was_sent_goes_back_to_the_queue() -> None:
    assert not ALLOWED_FROM["queued"] & FINAL
    assert not ALLOWED_FROM["failed"] & FINAL
    assert not ALLOWED_FROM["sending"] & FINAL


def test_a_place_in_the_outbox_ends_where_nothing_more_is_to_be_done() -> None:
    assert all(place_after(status, "s") == {"queue": None, "due": None} for status in FINAL)
    assert {"sent", "delivered", "read", "failed", "cancelled"} == FINAL


def test_cancelling_only_before_it_is_on_its_way() -> None:
    assert ALLOWED_FROM["cancelled"] == WAITING


def test_every_ack_is_a_state() -> None:
    assert set(ACK_TO_STATUS.values()) <= set(ALLOWED_FROM)


def test_every_state_has_its_event() -> None:
    assert {f"message.{status}" for status in (*ALLOWED_FROM, "scheduled", "received")} <= set(REGISTRY)
