"""The session state machine: what observations and orders make of a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wabot.lib.clock import to_rfc3339
from wabot.services import session_machine as machine
from wabot.store.records import Session

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def a_session(**fields: Any) -> Session:
    values: dict[str, Any] = {"status": "starting", "desired": "on", "epoch": 3, "observed_at": NOON, "since": NOON, **fields}
    return Session(id="s", user_id="u", name="default", engine="webjs", network="sandbox", created_at=NOON, **values)


def a_snapshot(**fields: Any) -> dict[str, Any]:
    at = to_rfc3339(fields.pop("at", NOON + timedelta(seconds=1)))
    values = {"epoch": 3, "status": "connected", "reason": None, "linked": True, "phone": "+12025550123", "push_name": "Al"}
    return {**values, "since": at, "observed_at": at, "restarts": 0, "memory_mb": 90, **fields}


def test_an_observation_of_this_epoch_counts() -> None:
    changes = machine.observed(a_session(), a_snapshot())
    assert (changes["status"], changes["phone"], changes["linked"]) == ("connected", "+12025550123", True)


@pytest.mark.parametrize("fields", [{"epoch": 2}, {"epoch": 4}, {"at": NOON - timedelta(seconds=1)}])
def test_other_lives_and_older_observations_change_nothing(fields: dict[str, Any]) -> None:
    assert machine.observed(a_session(), a_snapshot(**fields)) == {}


@pytest.mark.parametrize("desired", ["off", "logout"])
def test_nothing_counts_after_a_disconnect_was_ordered(desired: str) -> None:
    assert machine.observed(a_session(desired=desired), a_snapshot()) == {}


def test_left_unscanned_the_session_sleeps_and_is_not_restarted() -> None:
    changes = machine.observed(a_session(), a_snapshot(status="disconnected", reason="qr_not_scanned", linked=False))
    assert (changes["status"], changes["desired"]) == ("disconnected", "off")


@pytest.mark.parametrize("linked", [True, False])
def test_failed_it_goes_on_taking_messages_in_if_it_is_linked(linked: bool) -> None:
    seen = a_snapshot(status="failed", reason="out_of_restarts", linked=linked, phone="+12025550123" if linked else None)
    session = replace(a_session(linked=linked), **machine.observed(a_session(linked=linked), seen))
    assert (session.desired, machine.accepts_messages(session)) == (("on", True) if linked else ("off", False))


@pytest.mark.parametrize(
    ("status", "shown"), [("connected", "reconnecting"), ("disconnected", "disconnected"), ("failed", "failed")]
)
def test_a_disconnect_is_shown_as_under_way_only_for_what_runs(status: str, shown: str) -> None:
    session = a_session(status=status)
    assert replace(session, **machine.ordered_end(session, NOON)).status == shown


@pytest.mark.parametrize(
    ("seen", "switching", "switched_from"),
    [
        ({"status": "qr", "linked": False, "phone": None}, True, "+12025550199"),
        ({"status": "authenticating", "linked": True, "phone": None}, False, "+12025550199"),
        ({"status": "connected"}, False, None),
        ({"status": "disconnected", "reason": "unlinked_on_phone", "linked": False, "phone": None}, True, None),
    ],
)
def test_a_switch_of_engines_is_over_once_it_is_linked_anew(
    seen: dict[str, Any], switching: bool, switched_from: str | None
) -> None:
    session = a_session(switching=True, switched_from="+12025550199")
    after = replace(session, **machine.observed(session, a_snapshot(**seen)))
    assert (after.switching, after.switched_from) == (switching, switched_from)


def test_unlinked_on_the_phone_the_login_is_gone() -> None:
    linked = a_session(status="connected", linked=True, phone="+12025550123")
    changes = machine.observed(linked, a_snapshot(status="disconnected", reason="unlinked_on_phone", linked=False))
    assert (changes["linked"], changes["phone"], changes["desired"]) == (False, None, "off")


def test_what_whatsapp_web_takes_away_is_kept_until_the_next_order() -> None:
    changes = machine.observed(a_session(), a_snapshot(reason="whatsapp_changed", missing=["lid_map"]))
    session = replace(a_session(), **changes)
    assert session.missing == ["lid_map"]
    assert machine.observed(session, a_snapshot(at=NOON + timedelta(seconds=2)))["missing"] == [], "an engine that lacks nothing"
    assert machine.ordered_start(session, NOON, {})["missing"] == []
    assert machine.ended(NOON)["missing"] == []


def test_heartbeats_are_noted_every_few_seconds_only() -> None:
    first = machine.observed(a_session(), a_snapshot())
    session = replace(a_session(), **first)
    soon = a_snapshot(at=NOON + timedelta(seconds=2), since=to_rfc3339(NOON + timedelta(seconds=1)))
    later = a_snapshot(at=NOON + timedelta(seconds=5), since=to_rfc3339(NOON + timedelta(seconds=1)))
    assert machine.observed(session, soon) == {}
    assert set(machine.observed(session, later)) == set(machine.HEARTBEAT_FIELDS)


def test_connected_is_not_shown_on_hope() -> None:
    session = a_session(status="connected", linked=True)
    silent = NOON + machine.STALE_AFTER + timedelta(seconds=1)
    assert machine.as_of(session, NOON + timedelta(seconds=2)).status == "connected"
    assert machine.as_of(session, silent).status == "reconnecting"
    assert machine.as_of(session, silent).reason == machine.SILENT_REASON


def test_while_nothing_is_observed_it_is_shown_since_when_and_no_code_is() -> None:
    silent = NOON + machine.STALE_AFTER + timedelta(seconds=1)
    connected = a_session(status="connected", linked=True, since=NOON - timedelta(hours=1))
    assert machine.as_of(connected, silent).since == NOON
    code = a_session(status="qr", qr="secret", qr_expires_at=NOON + timedelta(minutes=1))
    assert machine.as_of(code, silent).qr is None
    assert (machine.code_ran_out(code, NOON), machine.code_ran_out(code, silent)) == (False, True)


def test_what_is_observed_in_the_millisecond_of_an_order_counts() -> None:
    assert machine.observed(a_session(), a_snapshot(at=NOON))["status"] == "connected"


@pytest.mark.parametrize(("linked", "desired"), [(True, "on"), (False, "off")])
def test_what_the_gateway_refuses_is_tried_again_only_if_it_is_linked(linked: bool, desired: str) -> None:
    session = a_session(linked=linked)
    refused = replace(session, **machine.refused(session, "unknown_engine", NOON))
    assert (refused.status, refused.reason, refused.desired) == ("failed", "unknown_engine", desired)


def test_one_that_changes_its_engine_takes_messages_in_meanwhile() -> None:
    session = a_session(status="connected", linked=True)
    assert machine.accepts_messages(replace(session, **machine.ordered_switch(session, NOON, "baileys")))
    assert not machine.accepts_messages(replace(session, **machine.ordered_end(session, NOON)))


def test_an_expired_code_is_not_shown() -> None:
    session = a_session(status="qr", qr="secret", qr_expires_at=NOON + timedelta(seconds=1))
    assert machine.as_of(session, NOON).qr == "secret"
    assert machine.as_of(session, NOON + timedelta(seconds=2)).qr is None


def test_every_order_begins_a_new_epoch_and_forgets_the_code() -> None:
    session = a_session(status="qr", qr="secret")
    for changes in (machine.ordered_start(session, NOON, {}), machine.ordered_end(session, NOON)):
        assert changes["epoch"] == 4
        assert changes["qr"] is None


@pytest.mark.parametrize("status", ["connected", "qr", "reconnecting"])
def test_a_disconnect_that_waits_is_shown_as_no_connection(status: str) -> None:
    session = a_session(status=status, linked=True)
    waiting = replace(session, **machine.ordered_end(session, NOON))
    assert (waiting.status, waiting.reason) == ("reconnecting", "disconnecting")


def test_what_was_opened_elsewhere_stays_out() -> None:
    assert machine.stays_out(a_session(status="failed", reason="opened_elsewhere"))
    assert not machine.stays_out(a_session(status="failed", reason="out_of_restarts"))
    assert not machine.stays_out(a_session(status="connected"))


@pytest.mark.parametrize(
    ("fields", "accepts"),
    [
        ({"status": "connected", "linked": True}, True),
        ({"status": "reconnecting", "linked": True}, True),
        ({"status": "failed", "linked": True}, True),
        ({"status": "qr", "linked": False}, False),
        ({"status": "connected", "linked": True, "desired": "logout"}, False),
    ],
)
def test_a_linked_session_takes_messages(fields: dict[str, Any], accepts: bool) -> None:
    assert machine.accepts_messages(a_session(**fields)) is accepts
