"""WhatsApp sessions tell the truth and heal: whatever is killed, unlinked or opened elsewhere, while the whole product runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.family import arguments_of, kill
from tests.support.mailbox import files
from tests.support.owner import Owner, holds
from tests.support.tab import Tab, cookie_of
from tests.support.waiting import wait_until
from tests.support.watch import Watch

NOTICED_WITHIN = 3.0
HEALED_WITHIN = 20.0
GATEWAY_HEALED_WITHIN = 40.0
STILL_NOTICED_WITHIN = 5.0
"""Between two looks pass 2 s, and a page has 2.5 s to answer one."""
NAMES = ("one", "two", "three", "four", "five")
FRIEND = "+12025530700"


def phone_of(name: str) -> str:
    return f"+1555020000{NAMES.index(name)}"


@pytest.fixture(scope="module")
def five(restless: Owner) -> Iterator[Api]:
    """A user with five linked sessions."""
    user = Api(restless.stack, "five").register()
    for name in NAMES:
        user.link(phone_of(name), name)
    yield user
    wait_until(restless.stack.ready, 20, "ready again")
    for name in NAMES:
        user.disconnect(name)


def kill_browser(owner: Owner, user: Api) -> None:
    kill(owner.browser(owner.id_of(user, "one")))


def kill_host(owner: Owner, user: Api) -> None:
    kill(owner.family.host_of(owner.browser(owner.id_of(user, "one"))))


def kill_gateway(owner: Owner, _user: Api) -> None:
    owner.stack.kill("gateway")


@pytest.mark.parametrize(
    ("hurt", "names", "within"),
    [(kill_browser, NAMES[:1], HEALED_WITHIN), (kill_host, NAMES, HEALED_WITHIN), (kill_gateway, NAMES, GATEWAY_HEALED_WITHIN)],
)
def test_a_kill_shows_at_once_and_heals_without_a_new_qr(
    unharmed: Owner, five: Api, hurt: Callable[[Owner, Api], None], names: tuple[str, ...], within: float
) -> None:
    for name in NAMES:
        five.wait_for_status("connected", name)
    with Watch(five) as watch, Tab(five, cookie_of(five)) as tab:
        mark = time.monotonic()
        hurt(unharmed, five)
        left = [watch.leaves(name, "connected", mark, NOTICED_WITHIN + time.monotonic() - mark)[0].at for name in names]
        for name in names:
            back = watch.when(
                name, lambda one: one.status == "connected" and one.at > min(left), mark, within, "connected again"
            )[0]
            assert back.phone == phone_of(name)
            seen = {one.status for one in watch.after(mark, name)} | set(tab.statuses(name))
            assert seen <= {"connected", "reconnecting", "starting", "authenticating"}
            report(f"{hurt.__name__} {name}", watch.story(mark, name))
        assert not tab.events("qr")
    for name in names:
        sent = five.send(FRIEND, f"{hurt.__name__} {name}", name, wait=15)
        five.wait_for_message(sent["id"], "sent", "delivered")


def report(what: str, story: str) -> None:
    print(f"\n{what}: {story}")


@pytest.mark.parametrize(("what", "code"), [("gateway", "gateway_away"), ("host", "page_hung"), ("chromium", "page_hung")])
def test_what_stands_still_is_told_and_heals(unharmed: Owner, five: Api, what: str, code: str) -> None:
    """Stopped, not ended: nothing is closed, only no answer comes."""
    five.wait_for_status("connected", "one")
    browser = unharmed.browser(unharmed.id_of(five, "one"))
    pid = {"gateway": unharmed.stack.pid("gateway"), "host": unharmed.family.host_of(browser), "chromium": browser}[what]
    with Watch(five) as watch:
        os.kill(pid, signal.SIGSTOP)
        mark = time.monotonic()
        try:
            left, _ = watch.leaves("one", "connected", mark, STILL_NOTICED_WITHIN)
            assert (left.status, left.code) == ("reconnecting", code)
        finally:
            if what == "gateway":  # nobody else would wake it
                os.kill(pid, signal.SIGCONT)
        watch.when(
            "one", lambda one: one.status == "connected" and one.at > left.at, mark, GATEWAY_HEALED_WITHIN, "connected again"
        )
        report(f"still: {what}", watch.story(mark, "one"))
        assert "qr" not in {one.status for one in watch.after(mark, "one")}
    for name in NAMES:
        five.wait_for_status("connected", name)


def test_unlinked_on_the_phone_ends_it_for_good(unharmed: Owner, newcomer: Api) -> None:
    phone = "+15550200010"
    newcomer.link(phone)
    session_id = unharmed.id_of(newcomer)
    with Watch(newcomer) as watch:
        mark = time.monotonic()
        unharmed.stack.sandbox("POST", f"/phones/{phone}/unlink")
        gone, _ = watch.reaches("default", "disconnected", mark, NOTICED_WITHIN)
        report("unlink", watch.story(mark, "default"))
    assert gone.code == "unlinked_on_phone"
    wait_until(lambda: not unharmed.family.browsers(session_id), 3, "its browser has ended")
    unharmed.nothing_left(session_id)
    assert newcomer.post("/api/messages/send", {"to": FRIEND, "message": "late"}).json()["code"] == "session_not_connected"
    wait_until(lambda: _mailed(unharmed, newcomer), 5, "its owner gets a mail")


def _mailed(owner: Owner, api: Api) -> list[str]:
    return [one["Subject"] for one in files(owner.stack.data, api.email) if "unlinked" in one["Subject"]]


def test_unlinked_while_the_gateway_is_down_is_told_when_it_is_back(unharmed: Owner, newcomer: Api) -> None:
    phone = "+15550200011"
    newcomer.link(phone)
    session_id = unharmed.id_of(newcomer)
    unharmed.stack.supervisorctl("stop", "gateway")
    with Watch(newcomer) as watch, Tab(newcomer, cookie_of(newcomer)) as tab:
        unharmed.stack.sandbox("POST", f"/phones/{phone}/unlink")
        mark = time.monotonic()
        unharmed.stack.supervisorctl("start", "gateway")
        gone, _ = watch.reaches("default", "disconnected", mark, HEALED_WITHIN)
        report("unlinked offline", watch.story(mark, "default"))
        assert gone.code == "unlinked_on_phone"
        assert "qr" not in {one.status for one in watch.after(mark, "default")}
        assert not tab.events("qr")
    wait_until(lambda: not unharmed.family.browsers(session_id), 3, "its browser has ended")
    unharmed.nothing_left(session_id)
    wait_until(lambda: len(_mailed(unharmed, newcomer)) == 1, 5, "its owner gets one mail")


@contextmanager
def opened_elsewhere(owner: Owner, session_id: str) -> Iterator[None]:
    """Another Chromium with a copy of this session's login: the same device, a second time."""
    command = arguments_of(owner.browser(session_id))[:-1]
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as directory:
        shutil.copytree(owner.profile(session_id) / "session", Path(directory) / "p", ignore=shutil.ignore_patterns("Singleton*"))
        kept = [one for one in command if not one.startswith(("--user-data-dir=", "--remote-debugging", "about:"))]
        other = [*kept, f"--user-data-dir={directory}/p", "--remote-debugging-port=0", "https://web.whatsapp.com/"]
        process = subprocess.Popen(other, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


def test_opened_elsewhere_is_named_stays_out_and_is_taken_back_on_demand(unharmed: Owner, newcomer: Api) -> None:
    newcomer.link("+15550200012")
    session_id = unharmed.id_of(newcomer)
    with Watch(newcomer) as watch:
        mark = time.monotonic()
        with opened_elsewhere(unharmed, session_id):
            failed, _ = watch.reaches("default", "failed", mark, 10)
            report("opened elsewhere", watch.story(mark, "default"))
            assert failed.code == "opened_elsewhere"
            assert failed.reason
            assert failed.reason["text"]
            unharmed.stack.kill("gateway")  # another life of the gateway doesn't push the person out either
            wait_until(unharmed.stack.ready, 20, "ready again")
            holds(lambda: newcomer.status()["status"] == "failed", 4, "it stays out")
            assert newcomer.status()["reason"]["code"] == "opened_elsewhere"
            assert not unharmed.family.browsers(session_id)
            newcomer.initialize()
            newcomer.wait_for_status("connected", timeout=HEALED_WITHIN)
            sent = newcomer.send(FRIEND, "use here", wait=15)
            newcomer.wait_for_message(sent["id"], "sent", "delivered")


def asked_anew(owner: Owner, user: Api, seen: set[str]) -> None:
    """After a disconnect: nothing is left, and what can be scanned now was never seen before."""
    shown = user.status()
    assert (shown["status"], shown["reason"], shown["phone"]) == ("disconnected", None, None)
    session_id = owner.id_of(user)
    owner.nothing_left(session_id)
    user.initialize()
    user.wait_for_status("qr", timeout=HEALED_WITHIN)
    assert user.qr()["qr"] not in seen
    user.disconnect()
    owner.nothing_left(session_id)


def test_disconnect_during_launch(unharmed: Owner, newcomer: Api) -> None:
    for _ in range(3):
        newcomer.initialize()
        assert newcomer.disconnect()["status"] == "disconnected"
        unharmed.nothing_left(unharmed.id_of(newcomer))
    asked_anew(unharmed, newcomer, set())


def linked_once(owner: Owner, user: Api, phone: str) -> set[str]:
    """Links; the QR that was scanned."""
    owner.stack.sandbox("PUT", f"/phones/{phone}", name=user.name)
    user.initialize(network="sandbox")
    user.wait_for_status("qr")
    seen = {user.qr()["qr"]}
    user.scan(phone)
    user.wait_for_status("connected")
    return seen


def test_disconnect_twice_at_once(unharmed: Owner, newcomer: Api) -> None:
    seen = linked_once(unharmed, newcomer, "+15550200013")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: newcomer.post("/api/whatsapp/disconnect"), range(2)))
    assert [(one.status_code, one.json()["status"]) for one in answers] == [(200, "disconnected")] * 2
    asked_anew(unharmed, newcomer, seen)
    assert unharmed.stack.sandbox("GET", "/phones/+15550200013")["devices"] == []


def test_disconnect_with_chromium_already_dead(unharmed: Owner, newcomer: Api) -> None:
    seen = linked_once(unharmed, newcomer, "+15550200014")
    kill(unharmed.browser(unharmed.id_of(newcomer)))
    newcomer.disconnect()
    asked_anew(unharmed, newcomer, seen)


def test_disconnect_while_a_message_is_being_sent(unharmed: Owner, newcomer: Api) -> None:
    """Whatever becomes of the messages, none is told to be sent that was not, and none as failed that was."""
    seen = linked_once(unharmed, newcomer, "+15550200015")
    to = "+12025530701"
    ids = [newcomer.send(to, f"while leaving {n}")["id"] for n in range(20)]
    wait_until(lambda: newcomer.message(ids[0])["status"] != "queued", 10, "the first is on its way")
    newcomer.disconnect()
    asked_anew(unharmed, newcomer, seen)
    arrived = [one["body"] for one in unharmed.stack.sandbox("GET", f"/phones/{to}/inbox")]
    assert len(arrived) == len(set(arrived))
    for n, message_id in enumerate(ids):
        status = newcomer.message(message_id)["status"]
        if f"while leaving {n}" not in arrived:
            assert status not in ("sent", "delivered", "read"), f"message {n} never went out"
        else:
            assert status != "failed", f"message {n} arrived"


def test_disconnect_with_the_gateway_dead(unharmed: Owner, newcomer: Api) -> None:
    seen = linked_once(unharmed, newcomer, "+15550200016")
    unharmed.stack.supervisorctl("stop", "gateway")
    try:
        answer = newcomer.post("/api/whatsapp/disconnect")
        assert answer.status_code == 503, answer.text
        pending = newcomer.status()
        assert (pending["status"], pending["reason"]["code"]) == ("reconnecting", "disconnecting")
    finally:
        unharmed.stack.supervisorctl("start", "gateway")
    newcomer.wait_for_status("disconnected", timeout=HEALED_WITHIN)
    asked_anew(unharmed, newcomer, seen)
