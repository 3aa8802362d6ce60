"""What came of a person's busy day, by the phones, the log, the inbox and the webhooks; every broken promise in a line of its own."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.support.person import PHONES, Person, came_in, history, phone_of
from tests.support.waiting import poll

SETTLED_WITHIN = 120.0
"""Seconds without any message coming to its end, after which those that haven't are unfinished."""
TOLD_WITHIN = 90.0
ARRIVED = frozenset({"sent", "delivered", "read"})
NOT_SENT = frozenset({"cancelled", "failed"})
_ONCE = frozenset({"sent", "delivered", "read", "failed", "cancelled"})
LOOKED_UP = "found in WhatsApp"
"""In the timeline of what was looked up, also where it was not found."""
Message = dict[str, Any]


def reckon(person: Person) -> list[str]:
    """What is not as it was promised; waits for what is on its way."""
    _wait_until_settled(person)
    messages = {one: history(person.api, one) for one in person.promised}
    arrived = _arrivals(person)
    faults = [fault for one, message in messages.items() for fault in _message(person, one, message, arrived)]
    faults += [f"overtaken: {first} by {second}" for first, second in _overtaken(person, arrived)]
    faults += [f"refused, but sent: {text}" for text in _refused(person) & arrived.keys()]
    got = came_in(person)
    faults += [f"came in {len(got.get(text, []))} times: {text}" for text in person.written if len(got.get(text, [])) != 1]
    return faults + _told(person, messages, [one for text in person.written for one in got.get(text, [])])


def _wait_until_settled(person: Person) -> None:
    waiting, moved_at = set(person.promised), time.monotonic()
    while waiting and time.monotonic() - moved_at < SETTLED_WITHIN:
        done = {one for one in waiting if history(person.api, one)["status"] in ARRIVED | NOT_SENT}
        waiting, moved_at = waiting - done, time.monotonic() if done else moved_at
        poll()


def _refused(person: Person) -> set[str]:
    """At every try."""
    return person.refused - {one.text for one in person.promised.values()}


def _arrivals(person: Person) -> dict[str, list[datetime]]:
    """When each text arrived at a phone."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for number in range(PHONES):
        for one in person.stack.sandbox("GET", f"/phones/{phone_of(number)}/inbox"):
            if str(one["body"]).startswith(f"{person.name} "):
                found[one["body"]].append(datetime.fromisoformat(one["at"]))
    return found


def _message(person: Person, message_id: str, message: Message, arrived: dict[str, list[datetime]]) -> Iterator[str]:
    promise, status = person.promised[message_id], message["status"]
    times = arrived.get(promise.text, [])
    told = f"{promise.text}, {status}, arrived {len(times)} times, {[one['status'] for one in message['timeline']]}"
    if status not in ARRIVED | NOT_SENT:
        yield f"unfinished: {told}"
    if len(times) > 1 or (len(times) == 0 and status in ARRIVED):
        yield f"{'doubled' if times else 'lost'}: {told}"
    if times and status in NOT_SENT:
        yield f"arrived all the same: {told}"
    if promise.cancelled and status != "cancelled":
        yield f"cancelled in vain: {told}"
    if promise.send_at and times and times[0] < promise.send_at:
        yield f"too early: {told}"
    yield from (f"timeline: {told}" for _ in range(not _is_sound(message["timeline"])))


def _is_sound(timeline: list[dict[str, Any]]) -> bool:
    states, times = [one["status"] for one in timeline], [one["at"] for one in timeline]
    once = all(states.count(one) <= 1 for one in _ONCE)
    return once and states[0] in ("queued", "scheduled") and times == sorted(times)


def _overtaken(person: Person, arrived: dict[str, list[datetime]]) -> Iterator[tuple[str, str]]:
    """Neighbours of one client that arrived in the other order."""
    orders: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    for promise in person.promised.values():
        if promise.client is not None and (times := arrived.get(promise.text)):
            orders[promise.client].append((promise.text, times[0]))
    for order in orders.values():
        yield from ((first[0], second[0]) for first, second in pairwise(order) if second[1] < first[1])


def _told(person: Person, messages: dict[str, Message], received: list[str]) -> list[str]:
    """Every change once, under an id of its own, in its message's order."""
    wanted = {one: [entry["status"] for entry in message["timeline"]] for one, message in messages.items()}
    wanted |= {one: ["received"] for one in received}
    ends = time.monotonic() + TOLD_WITHIN
    while (wrong := _wrong(person, wanted)) and time.monotonic() < ends:
        poll(0.5)
    return wrong


def _wrong(person: Person, wanted: dict[str, list[str]]) -> list[str]:
    told: dict[str, list[str]] = defaultdict(list)
    for event in {one.id: one.json for one in person.hook.taken()}.values():  # in the order of their first arrival
        kind, _, status = event["type"].partition(".")
        if kind == "message":
            told[event["data"]["id"]].append(status)
    return [f"told of {one} as {told[one]}: {states}" for one, states in wanted.items() if told[one] != states]


def summary(person: Person) -> str:
    messages = [history(person.api, one) for one in person.promised]
    states = Counter(one["status"] for one in messages)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    looked_up = sum(any(LOOKED_UP in entry.get("detail", "") for entry in one["timeline"]) for one in messages)
    events = len({one.id for one in person.hook.taken()})
    return (
        f"{person.name} ({person.engine}): {counted}, {looked_up} of them looked up in WhatsApp; "
        f"{len(person.written)} came in; {events} events told; linked anew {person.linked_again} times"
    )
