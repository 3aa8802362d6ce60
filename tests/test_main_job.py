"""The main job over HTTP, with everything real: register, link by the picture, send, ticks, disconnect, a new QR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from wabot.config import load
from wabot.store.connection import open_store
from wabot.store.messages import MessageFilter

QR_WITHIN = 10
"""Seconds; the promise is 3 on a machine that does nothing else, the tests share two cores with other browsers."""
BODIES = [
    "hello",
    "emoji 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ✅",
    "עברית, العربية, हिन्दी, 中文, 日本語",
    "*bold* _it_ ~no~ ```x```\nsecond line\ttab",
    "<script>alert(1)</script> & ' \"",
]

Users = Callable[[str], Api]


@pytest.fixture(scope="module")
def sender(new_user: Users) -> Api:
    user = new_user("sender")
    user.link("+15550100001")
    return user


def inbox(stack: Stack, phone: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = stack.sandbox("GET", f"/phones/{phone}/inbox")
    return entries


def test_from_registration_to_a_new_qr(stack: Stack, new_user: Users) -> None:
    """The whole story in one go, as a person's script would do it."""
    user, phone = new_user("whole"), "+15550100002"
    stack.sandbox("PUT", f"/phones/{phone}", name="Whole")
    assert user.status()["status"] == "disconnected"
    assert user.initialize()["network"] == "sandbox"
    user.wait_for_status("qr", timeout=QR_WITHIN)
    first_qr = user.qr()["qr"]
    user.scan(phone)
    connected = user.wait_for_status("connected")
    assert (connected["phone"], connected["reason"], connected["qr_expires_at"]) == (phone, None, None)

    sent = user.send("+1 (202) 550-0001", BODIES[1], wait=10)
    quick = requests.get(
        f"{stack.url}/api/send", params={"api_key": user.key(), "to": "12025500002", "message": BODIES[2]}, timeout=30
    )
    assert (quick.status_code, quick.json()["success"]) == (200, True)
    delivered = user.wait_for_message(sent["id"], "delivered")
    assert [one["status"] for one in delivered["timeline"]] == ["queued", "sending", "sent", "delivered"]
    user.wait_for_message(quick.json()["id"], "delivered")
    assert [one["body"] for one in inbox(stack, "+12025500001")] == [BODIES[1]]
    assert [one["body"] for one in inbox(stack, "+12025500002")] == [BODIES[2]]
    assert {one["from"] for one in inbox(stack, "+12025500001")} == {phone}
    log = user.get("/api/messages").json()["items"]
    assert [one["id"] for one in log] == [quick.json()["id"], sent["id"]]

    stranger = new_user("stranger")
    assert stranger.get(f"/api/messages/{sent['id']}").status_code == 404
    assert stranger.get("/api/messages").json()["items"] == []

    assert user.disconnect()["status"] == "disconnected"
    refused = user.post("/api/messages/send", {"to": "+12025500001", "message": "late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "session_not_connected")
    assert stack.sandbox("GET", f"/phones/{phone}")["devices"] == []
    user.initialize()
    user.wait_for_status("qr", timeout=QR_WITHIN)
    assert user.qr()["qr"] != first_qr
    user.disconnect()


@pytest.mark.parametrize("body", BODIES)
def test_every_text_arrives_as_it_was_written(stack: Stack, sender: Api, body: str) -> None:
    phone = f"+120255{40_000 + BODIES.index(body)}"
    message = sender.send(phone, body, wait=15)
    sender.wait_for_message(message["id"], "delivered", "read")
    assert [one["body"] for one in inbox(stack, phone)] == [body]


def test_blue_ticks_follow_the_reader(stack: Stack, sender: Api) -> None:
    message = sender.send("+12025510000", "read me", wait=15)
    sender.wait_for_message(message["id"], "delivered")
    stack.sandbox("POST", "/phones/+12025510000/read")
    read = sender.wait_for_message(message["id"], "read")
    assert [one["status"] for one in read["timeline"]] == ["queued", "sending", "sent", "delivered", "read"]


def test_a_number_not_on_whatsapp_fails_with_its_code(sender: Api) -> None:
    message = sender.send("+49 170 1234567", "anybody?")
    failed = sender.wait_for_message(message["id"], "failed")
    assert failed["error"]["code"] == "not_on_whatsapp"
    assert failed["error"]["text"]


def test_one_after_the_other_in_order_and_once(stack: Stack, sender: Api) -> None:
    wanted = [f"number {n}" for n in range(30)]
    ids = [sender.send("+12025520000", body)["id"] for body in wanted]
    for message_id in ids:
        sender.wait_for_message(message_id, "delivered")
    assert [one["body"] for one in inbox(stack, "+12025520000")] == wanted


def test_the_same_key_is_sent_once(stack: Stack, sender: Api) -> None:
    ids = {sender.send("+12025530000", "only once", idempotency_key="invoice-7")["id"] for _ in range(5)}
    assert len(ids) == 1
    sender.wait_for_message(ids.pop(), "delivered")
    assert len(inbox(stack, "+12025530000")) == 1


def test_initialize_again_is_harmless(sender: Api) -> None:
    assert sender.initialize()["status"] == "connected"
    assert sender.status()["status"] == "connected"


def test_what_comes_in_is_kept(stack: Stack, sender: Api) -> None:
    stack.sandbox("PUT", "/phones/+15550100009", name="Friend")
    stack.sandbox("POST", "/phones/+15550100009/send", to="+15550100001", text="hello back 👋")

    def received() -> bool:
        counted = requests.get(f"{stack.gateway_url}/healthz", timeout=5)
        return counted.ok and "hello back" in str(incoming(stack, sender))

    wait_until(received, 20, "the incoming message is stored")
    assert [one.message for one in incoming(stack, sender)] == ["hello back 👋"]


def incoming(stack: Stack, user: Api) -> list[Any]:
    """From the store itself: what the inbox will show."""
    store = open_store(load(stack.env).database_uri)
    try:
        owner = store.users.by_email(user.email)
        assert owner
        return list(store.messages.page(owner.id, MessageFilter(direction="in"), limit=50).items)
    finally:
        store.close()


def test_linking_with_a_pairing_code(stack: Stack, new_user: Users) -> None:
    user, phone = new_user("coder"), "+15550100003"
    stack.sandbox("PUT", f"/phones/{phone}", name="Coder")
    user.initialize(method="code", phone=phone)
    shown = user.wait_for_status("pairing")
    stack.sandbox("POST", f"/phones/{phone}/scan", code=wait_until(lambda: user.status()["pairing_code"], 20, "a code"))
    assert shown["status"] == "pairing"
    assert user.wait_for_status("connected")["phone"] == phone
    user.disconnect()


def test_unlinked_on_the_phone_is_told_with_its_reason(stack: Stack, new_user: Users) -> None:
    user, phone = new_user("unlinked"), "+15550100004"
    user.link(phone)
    stack.sandbox("POST", f"/phones/{phone}/unlink")
    gone = user.wait_for_status("disconnected")
    assert gone["reason"]["code"] == "unlinked_on_phone"
    assert "phone" in gone["reason"]["text"]


def test_a_stale_code_is_refused_and_a_session_of_another_user_is_unknown(stack: Stack, new_user: Users) -> None:
    user, phone = new_user("stale"), "+15550100005"
    stack.sandbox("PUT", f"/phones/{phone}", name="Stale")
    user.initialize("work")
    user.wait_for_status("qr", "work")
    old = user.qr("work")["qr"]
    user.disconnect("work")
    answer = requests.post(f"{stack.sandbox_url}/phones/{phone}/scan", json={"qr": old}, timeout=10)
    assert answer.status_code == 409
    assert new_user("nosy").get("/api/whatsapp/status?session=work").status_code == 404
    assert user.delete("/api/whatsapp/sessions/work").status_code == 204
    assert user.get("/api/whatsapp/status?session=work").status_code == 404
