"""Somebody with a busy day: sends, schedules, cancels, gets messages, has webhooks, and links the phone anew every now and then.

Whatever is killed meanwhile, calls are made again until there is an answer. What was promised is noted, for the reckoning
(`tests/support/reckoning.py`).
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import requests

from tests.support.api import Api
from tests.support.receiver import Receiver
from tests.support.stack import Stack
from tests.support.waiting import wait_until

CLIENTS = 3
MANY = 20
PHONES = 10
WRITERS = 5
ANSWER_WITHIN = 150
LINKED_WITHIN = 180
ONCE_MORE = 3
"""Callers with the same key at the same moment."""


@dataclass
class Promise:
    """What was accepted. `client` is None where messages needn't arrive in the order of their making; `cancelled`: the answer to
    cancelling it, None where that wasn't tried."""

    text: str
    to: str
    client: int | None = None
    send_at: datetime | None = None
    cancelled: bool | None = None


def phone_of(number: int) -> str:
    return f"+12025581{number % PHONES:03d}"


def writer(number: int) -> str:
    return f"+1202556{number % WRITERS:04d}"


class Person:
    """`run` lives the day until `over` is set; one thread for each client, and one for the phone."""

    def __init__(self, stack: Stack, name: str, phone: str, engine: str) -> None:
        self.stack, self.name, self.phone, self.engine = stack, name, phone, engine
        self.api = Api(stack, name).register()
        self.api.link(phone, engine=engine)
        self.hook = Receiver().start()
        assert self.api.post("/api/webhooks", {"url": self.hook.url, "events": ["*"]}).status_code == 201
        self.promised: dict[str, Promise] = {}
        self.refused: set[str] = set()
        """Texts that were not accepted, at one try at least."""
        self.written: list[str] = []
        """Texts that were written to this person, and arrived at WhatsApp."""
        self.linked_again = 0
        self._counted = 0
        self._lock = threading.Lock()
        self._linking = threading.Lock()

    def run(self, dice: random.Random, over: threading.Event) -> None:
        seeds = [dice.random() for _ in range(CLIENTS + 1)]
        with ThreadPoolExecutor(CLIENTS + 1) as many:
            clients = [many.submit(self._send_all_day, one, random.Random(seeds[one]), over) for one in range(CLIENTS)]
            phone = many.submit(self._change_phones, random.Random(seeds[-1]), over)
        for one in (*clients, phone):
            one.result()

    def have_a_morning(self) -> None:
        """A few messages out and in, and their events told."""
        for _ in range(MANY):
            self._accept(_unordered(self.name, self._number()))
        self._hear(0, self._number(), random.Random())
        through = partial(_told_of, self, set(self.promised))
        wait_until(through, ANSWER_WITHIN, f"all of {self.name}'s messages are delivered, and that is told")

    def _send_all_day(self, client: int, dice: random.Random, over: threading.Event) -> None:
        ways: list[Callable[[int, int, random.Random], object]] = [
            self._send,
            self._schedule,
            self._cancel,
            self._repeat,
            self._hear,
        ]
        while not over.wait(dice.uniform(0.02, 0.3)):
            (way,) = dice.choices(ways, (55, 10, 15, 10, 10))
            way(client, self._number(), dice)

    def _number(self) -> int:
        with self._lock:
            self._counted += 1
            return self._counted

    def _send(self, client: int, number: int, dice: random.Random) -> None:
        """Now and then many in a row, so that some are on the way when somebody is killed."""
        for _ in range(dice.choice((1, 1, 1, MANY))):
            self._accept(Promise(f"{self.name} {number}", phone_of(number), client))
            number = self._number()

    def _schedule(self, _: int, number: int, dice: random.Random) -> str | None:
        due = datetime.now(UTC) + timedelta(seconds=dice.uniform(1, 8))
        return self._accept(Promise(f"{self.name} {number}", phone_of(number), send_at=due))

    def _cancel(self, client: int, number: int, dice: random.Random) -> None:
        made = self._schedule(client, number, dice) if dice.random() < 0.5 else self._accept(_unordered(self.name, number))
        if made:
            threading.Event().wait(dice.uniform(0, 1.5))
            answer = self._answered(lambda: self.api.post(f"/api/messages/{made}/cancel", timeout=15))
            assert answer.status_code in (200, 409), answer.text
            self.promised[made].cancelled = answer.ok

    def _repeat(self, _: int, number: int, __: random.Random) -> None:
        with ThreadPoolExecutor(ONCE_MORE) as many:
            made = set(many.map(lambda _: self._accept(_unordered(self.name, number)), range(ONCE_MORE)))
        assert len(made) == 1 or None in made, f"several messages for one key: {made}"

    def _hear(self, _: int, number: int, __: random.Random) -> None:
        """From a phone, while this one is linked."""
        text = f"to {self.name} {number}"
        with self._linking:
            try:
                if self.api.status()["status"] == "connected":
                    self.stack.sandbox("POST", f"/phones/{writer(number)}/send", to=self.phone, text=text)
                    self.written.append(text)
            except (AssertionError, ValueError, requests.RequestException):
                return  # whether it was written nobody knows

    def _accept(self, promise: Promise) -> str | None:
        """The message's id; None where no linked session is there to take it."""
        body = {"to": promise.to, "message": promise.text}
        if promise.send_at:
            body["send_at"] = promise.send_at.isoformat()
        headers = {"Idempotency-Key": promise.text}
        answer = self._answered(lambda: self.api.post("/api/messages/send", body, headers=headers, timeout=15))
        if answer.ok:
            made = str(answer.json()["id"])
            self.promised.setdefault(made, promise)
            return made
        assert answer.status_code == 409 and answer.json()["code"] == "session_not_connected", answer.text
        self.refused.add(promise.text)
        return None

    def _answered(self, call: Callable[[], requests.Response]) -> requests.Response:
        def answered() -> tuple[requests.Response] | None:
            answer = call()
            assert answer.status_code != 500, answer.text
            return (answer,) if answer.status_code < 500 and answer.status_code != 429 else None

        return wait_until(answered, ANSWER_WITHIN, "a call is answered")[0]

    def _change_phones(self, dice: random.Random, over: threading.Event) -> None:
        while not over.wait(dice.uniform(20, 45)):
            with self._linking:
                self.link_again()
                self.linked_again += 1

    def link_again(self) -> None:
        """Log out, and scan another code with the same phone. What was written to it has come in before: with the login goes what
        WhatsApp keeps for it."""
        self.be_connected()
        wait_until(lambda: came_in(self).keys() >= set(self.written), LINKED_WITHIN, f"all has come in for {self.name}")
        wait_until(lambda: self.api.post("/api/whatsapp/disconnect", timeout=30).ok, LINKED_WITHIN, f"{self.name} is logged out")
        self.be_connected()

    def be_connected(self) -> None:
        wait_until(self._is_connected, LINKED_WITHIN, f"{self.name} is linked")

    def _is_connected(self) -> bool:
        """With what its user would do to get there."""
        try:
            status = self.api.status()["status"]
            if status in ("disconnected", "failed"):
                self.api.initialize(network="sandbox", engine=self.engine)
            elif status == "qr":
                self.api.scan(self.phone)
        except (AssertionError, ValueError, requests.RequestException):
            return False  # somebody was just killed, or the code has changed
        return bool(status == "connected")


def _unordered(name: str, number: int) -> Promise:
    return Promise(f"{name} {number}", phone_of(number))


def _told_of(person: Person, messages: set[str]) -> bool:
    told = {one.json["data"]["id"] for one in person.hook.taken() if one.json["type"] == "message.delivered"}
    return told >= messages and came_in(person).keys() >= set(person.written)


def history(api: Api, message_id: str) -> dict[str, Any]:
    """A message with its timeline, when web answers."""

    def read() -> dict[str, Any] | None:
        answer = api.get(f"/api/messages/{message_id}", timeout=15)
        found: dict[str, Any] = answer.json()
        return found if answer.ok else None

    return wait_until(read, ANSWER_WITHIN, f"message {message_id} can be read")


def came_in(person: Person) -> dict[str, list[str]]:
    """Ids in the inbox by text."""
    found: dict[str, list[str]] = defaultdict(list)
    for chat in _all(person.api, "/api/chats"):
        if chat["phone"] in {writer(number) for number in range(WRITERS)}:
            for one in _all(person.api, f"/api/chats/{chat['id']}/messages"):
                found[one["message"]].append(one["id"])
    return found


def _all(api: Api, path: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        answer = api.get(path, params={"limit": 100, **({"cursor": cursor} if cursor else {})})
        answer.raise_for_status()
        yield from answer.json()["items"]
        cursor = answer.json()["next_cursor"]
