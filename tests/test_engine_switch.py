"""A session changes its engine while messages wait: the same phone scans a new code, and each arrives once."""

from __future__ import annotations

from tests.support.api import Api
from tests.support.stack import Stack

PHONE = "+15550610001"
OTHER = "+15550610002"
FRIEND = "+12025561001"


def test_what_waits_while_the_engine_changes_goes_out_with_the_other(stack: Stack, alice: Api) -> None:
    alice.link(PHONE, engine="webjs")
    sent = [alice.send(FRIEND, "by the browser", wait=10)["id"]]
    for engine in ("baileys", "webjs"):
        switched = alice.switch_engine(engine)
        assert (switched["engine"], switched["phone"]) == (engine, None)
        sent.append(alice.send(FRIEND, f"before {engine}")["id"])
        alice.wait_for_status("qr")
        assert stack.sandbox("POST", f"/phones/{PHONE}/unlink") == {"unlinked": 0}, "the login of before has ended"
        assert alice.message(sent[-1])["status"] == "queued"
        alice.scan(PHONE)
        alice.wait_for_status("connected")
        alice.wait_for_message(sent[-1], "sent", "delivered", "read")
    arrived = [one["body"] for one in stack.sandbox("GET", f"/phones/{FRIEND}/inbox")]
    assert arrived == ["by the browser", "before baileys", "before webjs"]
    alice.disconnect()


def test_what_was_taken_in_while_the_engine_changed_goes_out_from_no_other_number(stack: Stack, alice: Api) -> None:
    stack.sandbox("PUT", f"/phones/{OTHER}", name="Other")
    alice.link(PHONE, engine="webjs")
    alice.switch_engine("baileys")
    alice.wait_for_status("qr")
    waits = alice.send(FRIEND, "from the number of before")
    assert waits["from"] == PHONE
    alice.scan(OTHER)
    alice.wait_for_status("connected")
    assert alice.wait_for_message(waits["id"], "failed")["error"]["code"] == "account_changed"
    assert alice.wait_for_message(alice.send(FRIEND, "from the new one")["id"], "sent", "delivered", "read")["from"] == OTHER
    alice.disconnect()
