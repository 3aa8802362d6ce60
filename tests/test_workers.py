"""Several workers on one store: a session's messages go out in order and once, whoever dies, sleeps or wakes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import limits
from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.support.workers import holder, more_workers, store_of

LEASE = 5
PHONE = "+12025500{:03d}"


@pytest.fixture(scope="module")
def house(stacks: Callable[..., Stack]) -> Stack:
    running = stacks(WABOT_CRASH_POINTS="1", WABOT_TEST_LEASE=str(LEASE))
    running.start()
    return running


@pytest.fixture(scope="module")
def sender(house: Stack) -> Api:
    limits.lift(house)
    user = Api(house, "sender").register()
    for number in range(3):
        user.link(f"+1555020010{number}", f"s{number}")
    return user


def arrived(house: Stack, phone: str) -> list[str]:
    return [one["body"] for one in house.sandbox("GET", f"/phones/{phone}/inbox")]


def arrivals(house: Stack, phone: str) -> list[str]:
    """When each came, by the phone's own clock."""
    return [one["at"] for one in house.sandbox("GET", f"/phones/{phone}/inbox")]


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


@pytest.mark.parametrize("point", ["lane.after-claim", "lane.after-noting", "lane.after-hand-over"])
def test_a_worker_that_slept_past_its_lease_does_no_harm(house: Stack, sender: Api, point: str) -> None:
    """Stopped in the middle of a batch; another takes over; then it wakes."""
    phone = PHONE.format(len(point))
    wanted = [f"{point} {number}" for number in range(30)]
    with store_of(house) as store, more_workers(house, 1):
        session = store.messages.get(sender.send(phone, wanted[0], "s0")["id"])
        assert session
        wait_until(lambda: arrived(house, phone) == wanted[:1], 20, "the first has arrived")
        before = house.logs("worker*").count("lane_lost")
        (house.data / "run" / f"pause-{point}").touch()
        ids = [sender.send(phone, text, "s0")["id"] for text in wanted[1:]]
        sleeper = wait_until(lambda: holder(store, session.session_id), 10, "a worker has the lane")
        wait_until(lambda: stopped(sleeper), 10, "it stands still")
        wait_until(lambda: holder(store, session.session_id) != sleeper, LEASE + 10, "another has the lane")
        wait_until(lambda: len(arrived(house, phone)) == len(wanted), 30, "all have arrived")
        os.kill(sleeper, signal.SIGCONT)
        last = sender.send(phone, "last", "s0")["id"]
        for message_id in (*ids, last):
            sender.wait_for_message(message_id, "delivered", "read")
        wait_until(lambda: not store.outbox.queue(session.session_id), 20, "the queue is empty")
        wait_until(lambda: house.logs("worker*").count("lane_lost") > before, 10, "the sleeper notices")
    assert arrived(house, phone) == [*wanted, "last"]


def test_three_workers_share_the_sessions_and_keep_their_order(house: Stack, sender: Api) -> None:
    """Each lane is one worker's at a time, also when one of them is killed in the middle."""
    phones = [PHONE.format(100 + number) for number in range(3)]
    wanted = [f"shared {number}" for number in range(40)]
    with store_of(house) as store, more_workers(house, 2) as pids:
        first = store.messages.get(sender.send(phones[0], "hello", "s0")["id"])
        assert first

        def send_all(number: int) -> list[str]:
            return [sender.send(phones[number], text, f"s{number}")["id"] for text in wanted]

        with ThreadPoolExecutor(3) as clients:
            sending = [clients.submit(send_all, number) for number in range(3)]
            wait_until(lambda: len(arrived(house, phones[0])) > 10, 30, "some have arrived")
            victim = wait_until(lambda: holder(store, first.session_id), 10, "a worker has the lane")
            assert victim in (*pids, house.pid("worker"))
            os.kill(victim, signal.SIGKILL)
            ids = [one for theirs in sending for one in theirs.result(60)]
        for message_id in ids:
            sender.wait_for_message(message_id, "delivered", "read")
    assert [arrived(house, phone) for phone in phones] == [["hello", *wanted], wanted, wanted]


def test_a_quiet_users_message_passes_a_noisy_ones_queue(house: Stack, sender: Api) -> None:
    """Hundreds wait over three sessions of one user; another's, accepted after them all, doesn't wait for them."""
    quiet = Api(house, "quiet").register()
    quiet.link("+15550200109")
    house.supervisorctl("stop", "worker")
    with ThreadPoolExecutor(12) as clients:
        noisy = [f"n{number}" for number in range(300)]
        list(clients.map(lambda text: sender.send(PHONE.format(200), text, f"s{int(text[1:]) % 3}"), noisy))
    message = quiet.send(PHONE.format(201), "please")
    house.supervisorctl("start", "worker")
    quiet.wait_for_message(message["id"], "delivered", "read")
    wait_until(lambda: len(arrivals(house, PHONE.format(200))) == len(noisy), 60, "the noisy user's have all gone out")
    [arrived_at] = arrivals(house, PHONE.format(201))
    assert sum(one < arrived_at for one in arrivals(house, PHONE.format(200))) < len(noisy) / 2
