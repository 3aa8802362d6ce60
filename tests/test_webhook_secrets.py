"""Secrets of webhooks: how long each signs, and that none that was shown is worth nothing."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from wabot.lib import signing
from wabot.lib.clock import now
from wabot.services import webhooks

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def test_a_rotated_secret_and_the_one_before_both_verify(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    rotated = hooked.call("POST", f"/{made['id']}/rotate-secret", {})
    hooked.send()
    hooked.work()
    (one,) = receiver.requests
    assert made["secret"] != rotated["secret"]
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(one.body, one.headers)
    earlier, newest = hooked.services.webhooks.one(hooked.linked.user["id"], made["id"]).secrets[::-1]
    hooked.services.store.endpoints.change(made["id"], {"secrets": [newest, {**earlier, "until": now()}]})
    hooked.send()
    hooked.work()
    Webhook(rotated["secret"]).verify(receiver.requests[1].body, receiver.requests[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(receiver.requests[1].body, receiver.requests[1].headers)


def test_whoever_rotates_is_shown_the_secret_made_for_that_request(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    service = type(hooked.services.webhooks)
    ring, shown = service._ring, []

    def rotate() -> str:
        return str(hooked.call("POST", f"/{made['id']}/rotate-secret", {})["secret"])

    def overtaken(self: Any, endpoint: Any) -> None:
        monkeypatch.setattr(service, "_ring", ring)
        shown.append(rotate())
        ring(self, endpoint)

    monkeypatch.setattr(service, "_ring", overtaken)
    shown.append(rotate())
    hooked.send()
    hooked.work()
    (one,) = receiver.requests
    assert len({made["secret"], *shown}) == 3
    for secret in shown:
        Webhook(secret).verify(one.body, one.headers)


def test_two_secrets_made_at_the_same_moment_both_verify(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    rotated, shown = webhooks._rotated, []

    def overtaken(endpoint: Any, secret: str) -> Any:
        changed = rotated(endpoint, secret)
        monkeypatch.setattr(webhooks, "_rotated", rotated)
        if not shown:
            shown.append(hooked.call("POST", f"/{made['id']}/rotate-secret", {})["secret"])
        return changed

    monkeypatch.setattr(webhooks, "_rotated", overtaken)
    given = signing.new_secret()
    hooked.call("PATCH", f"/{made['id']}", {"secret": given})
    hooked.send()
    hooked.work()
    (one,) = receiver.requests
    for secret in (made["secret"], *shown, given):
        Webhook(secret).verify(one.body, one.headers)


@pytest.mark.parametrize(("length", "good"), [(23, False), (24, True), (64, True), (65, False)])
def test_a_secret_of_ones_own_has_24_to_64_bytes(hooked: Hooked, receiver: Receiver, length: int, good: bool) -> None:
    own = "whsec_" + base64.b64encode(bytes(length)).decode()
    asked = {"url": receiver.url, "events": ["*"], "secret": own}
    made = hooked.call("POST", json=asked, status=201 if good else 422)
    assert made.get("secret") == (own if good else None)
