"""The receiver is down and everything else is killed, while messages come in: all arrive when it is back, and past ones can be heard."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.api import Api
from tests.support.receiver import Receiver
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until
from wabot.events import REGISTRY
from wabot.lib.signing import new_secret

MESSAGES = 200
ME, FRIEND = "+15550700001", "+15550700002"


@pytest.fixture(scope="module")
def house(stacks: Callable[..., Stack]) -> Stack:
    retries = ",".join(["0", "0.5", "1"] + ["2"] * 17)
    running = stacks(WABOT_WEBHOOK_ALLOW="127.0.0.1", WABOT_WEBHOOK_RETRIES=retries)
    running.start()
    return running


@pytest.fixture(scope="module")
def user(house: Stack) -> Api:
    known = Api(house, "hooked").register()
    house.sandbox("PUT", f"/phones/{FRIEND}", name="Friend")
    known.link(ME)
    return known


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver().start()
    yield made
    made.stop()


def test_nothing_is_lost_while_the_receiver_is_down_and_all_is_killed(house: Stack, user: Api, receiver: Receiver) -> None:
    made = user.post("/api/webhooks", {"url": receiver.url, "events": ["message.received"]}).json()
    house.secrets.add(made["secret"])
    receiver.answer = lambda _: 503
    _write(house, range(50))
    receiver.wait_for(1)
    receiver.stop()
    _write(house, range(50, 80))
    house.kill("worker")
    _write(house, range(80, 120))
    house.kill("gateway")
    _write(house, range(120, 160))
    house.kill("web")
    _write(house, range(160, MESSAGES))
    wait_until(house.ready, 60, "everything is back")
    user.wait_for_status("connected", timeout=60)
    wait_until(lambda: len(_known(user)) == MESSAGES, 60, "all are stored")
    receiver.answer = lambda _: 204
    receiver.start()
    wait_until(lambda: len({one.json["data"]["message"] for one in receiver.taken()}) == MESSAGES, 90, "all have arrived")
    taken = Counter(one.json["data"]["message"] for one in receiver.taken())
    assert set(taken) == {f"message {number}" for number in range(MESSAGES)}
    ids = {(one.json["data"]["id"], one.id) for one in receiver.requests}
    assert len(ids) == MESSAGES, "every repetition carries the same webhook-id"
    for one in receiver.requests:
        Webhook(made["secret"]).verify(one.body, one.headers)
        jsonschema.validate(one.json, REGISTRY["message.received"].schema())
    user.delete(f"/api/webhooks/{made['id']}")


def test_past_events_can_be_heard_on_a_developers_machine(house: Stack, user: Api, receiver: Receiver) -> None:
    """After the test before: its events are still there."""
    secret = new_secret()
    command = [sys.executable, "-m", "wabot.listen", "--url", house.url, "--since", "1h", "--forward", receiver.url]
    environ = house.env | {"WABOT_API_KEY": user.key("read"), "WABOT_WEBHOOK_SECRET": secret}
    listening = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        wait_until(lambda: len(_received(receiver)) == MESSAGES, 30, "past events are passed on")
        house.sandbox("POST", f"/phones/{FRIEND}/send", to=ME, text="and now")
        wait_until(lambda: "and now" in _received(receiver), 20, "new ones follow")
        assert set(_received(receiver).values()) == {1}
        for one in receiver.requests:
            Webhook(secret).verify(one.body, one.headers)
    finally:
        listening.terminate()
        said, _ = listening.communicate(timeout=20)
    assert said.count("message.received") == MESSAGES + 1


def _known(user: Api) -> set[str]:
    """The texts of all messages that wabot has told of."""
    found: set[str] = set()
    cursor, items = None, ["first"]
    while items:
        query = {"cursor": cursor} if cursor else {"since": "2026-01-01T00:00:00Z"}
        page = user.get("/api/events", params={**query, "limit": 200}).json()
        cursor, items = page["next_cursor"], page["items"]
        found |= {json.loads(one["payload"])["data"]["message"] for one in items if one["type"] == "message.received"}
    return found


def _received(receiver: Receiver) -> Counter[str]:
    told = [one.json for one in list(receiver.requests)]
    return Counter(one["data"]["message"] for one in told if one["type"] == "message.received")


def _write(house: Stack, numbers: range) -> None:
    def one(number: int) -> None:
        house.sandbox("POST", f"/phones/{FRIEND}/send", to=ME, text=f"message {number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, numbers))
