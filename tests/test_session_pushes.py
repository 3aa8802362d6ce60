"""Socket.IO as open pages have it: every tab of the user is told, nobody else, also after the web process was killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from tests.support.api import Api
from tests.support.owner import Owner
from tests.support.tab import Login, Tab, cookie_of, refusal_of_upgrade
from tests.support.waiting import wait_until
from wabot.live import SOCKETS_PER_USER

TOLD_WITHIN = 5.0


@pytest.fixture
def watcher(unharmed: Owner) -> Iterator[Api]:
    user = Api(unharmed.stack, "watcher").register()
    yield user
    wait_until(unharmed.stack.ready, 20, "ready again")
    user.disconnect()


def test_every_tab_of_the_user_is_told_and_nobody_else(unharmed: Owner, watcher: Api) -> None:
    phone = "+15550400001"
    unharmed.stack.sandbox("PUT", f"/phones/{phone}", name="Watched")
    other = Api(unharmed.stack, "stranger").register()
    mine, theirs = cookie_of(watcher), cookie_of(other)
    with Tab(watcher, mine) as first, Tab(watcher, cookie_of(watcher)) as second, Tab(other, theirs) as stranger:
        watcher.initialize(network="sandbox")
        for tab in (first, second):
            shown = tab.first("qr", TOLD_WITHIN)
            assert shown["session"] == "default"
            assert shown["svg"].lstrip().startswith("<")
            assert shown["expires_at"]
        watcher.wait_for_status("qr")
        watcher.scan(phone)
        for tab in (first, second):
            tab.wait_for("connected", 3 * TOLD_WITHIN)
        assert first.events("session")[-1] | {"observed_at": None} == watcher.status() | {"observed_at": None}
        watcher.disconnect()
        for tab in (first, second):
            tab.wait_for("disconnected", TOLD_WITHIN)
        other.initialize("other", network="sandbox")
        wait_until(lambda: stranger.statuses("other"), TOLD_WITHIN, "the other user's page works too")
        assert {data["session"] for _, _, data in stranger.told} == {"other"}
        other.disconnect("other")


def test_an_upgrade_without_a_login_is_401(unharmed: Owner, watcher: Api) -> None:
    assert refusal_of_upgrade(watcher, None) == 401
    assert refusal_of_upgrade(watcher, "session=forged") == 401
    assert refusal_of_upgrade(watcher, cookie_of(watcher)) is None
    polled = requests.get(f"{unharmed.stack.url}/socket.io/", params={"EIO": "4", "transport": "polling"}, timeout=10)
    assert polled.status_code == 400


def test_too_many_sockets_are_503_and_a_closed_one_makes_room(unharmed: Owner, watcher: Api) -> None:
    cookie = cookie_of(watcher)
    with ExitStack() as tabs:
        for _ in range(SOCKETS_PER_USER - 1):
            tabs.enter_context(Tab(watcher, cookie))
        with Tab(watcher, cookie):
            assert refusal_of_upgrade(watcher, cookie) == 503
        wait_until(lambda: refusal_of_upgrade(watcher, cookie) is None, TOLD_WITHIN, "there is room again")
        other = Api(unharmed.stack, "another").register()
        assert refusal_of_upgrade(other, cookie_of(other)) is None


def test_pages_are_told_again_after_web_was_killed(unharmed: Owner, watcher: Api) -> None:
    phone = "+15550400002"
    watcher.link(phone)
    with Tab(watcher, cookie_of(watcher)) as tab:
        before = unharmed.stack.kill("web")
        wait_until(lambda: unharmed.stack.pid("web") not in (0, before), 20, "web was started again")
        wait_until(unharmed.stack.ready, 20, "ready again")
        wait_until(lambda: tab.client.connected, 20, "the page has come back")
        assert watcher.status()["status"] == "connected"
        mark = time.monotonic()
        unharmed.stack.sandbox("POST", f"/phones/{phone}/unlink")
        tab.wait_for("disconnected", TOLD_WITHIN, mark=mark)
        assert tab.events("session", mark)[-1]["reason"]["code"] == "unlinked_on_phone"


def test_a_logout_closes_the_pages(unharmed: Owner, watcher: Api) -> None:
    """Their cookie is dead; a socket that lives on would go on telling."""
    login = Login(watcher)
    cookie = login.cookie
    with Tab(watcher, cookie) as tab:
        watcher.initialize(network="sandbox")
        wait_until(lambda: tab.events("session"), TOLD_WITHIN, "told")
        login.log_out()
        assert refusal_of_upgrade(watcher, cookie) == 401
        wait_until(lambda: not tab.client.connected, TOLD_WITHIN, "the page is closed")
        mark = time.monotonic()  # what was on its way already may still have come
        watcher.disconnect()
        assert not tab.events("session", mark)
