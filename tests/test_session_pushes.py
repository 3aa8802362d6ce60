"""Socket.IO as open pages have it: every tab of the user is told, nobody else, also after the web process was killed."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing

import requests
import websocket

from tests.support.api import Api
from tests.support.owner import Owner
from tests.support.tab import Login, Tab, cookie_of, refusal_of_upgrade
from tests.support.waiting import wait_until
from wabot.live import SOCKETS_PER_USER

TOLD_WITHIN = 5.0


def test_every_tab_of_the_user_is_told_and_nobody_else(unharmed: Owner, newcomer: Api) -> None:
    phone = "+15550400001"
    unharmed.stack.sandbox("PUT", f"/phones/{phone}", name="Watched")
    other = Api(unharmed.stack, "stranger").register()
    mine, theirs = cookie_of(newcomer), cookie_of(other)
    with Tab(newcomer, mine) as first, Tab(newcomer, cookie_of(newcomer)) as second, Tab(other, theirs) as stranger:
        newcomer.initialize(network="sandbox")
        for tab in (first, second):
            shown = tab.first("qr", TOLD_WITHIN)
            assert shown["session"] == "default"
            assert shown["svg"].lstrip().startswith("<")
            assert shown["expires_at"]
        newcomer.wait_for_status("qr")
        newcomer.scan(phone)
        for tab in (first, second):
            tab.wait_for("connected", 3 * TOLD_WITHIN)
        assert first.events("session")[-1] | {"observed_at": None} == newcomer.status() | {"observed_at": None}
        newcomer.disconnect()
        for tab in (first, second):
            tab.wait_for("disconnected", TOLD_WITHIN)
        other.initialize("other", network="sandbox")
        wait_until(lambda: stranger.statuses("other"), TOLD_WITHIN, "the other user's page works too")
        assert {data["session"] for _, _, data in stranger.told} == {"other"}
        other.disconnect("other")


def test_an_upgrade_without_a_login_is_401(unharmed: Owner, newcomer: Api) -> None:
    assert refusal_of_upgrade(newcomer, None) == 401
    assert refusal_of_upgrade(newcomer, "session=forged") == 401
    assert refusal_of_upgrade(newcomer, cookie_of(newcomer)) is None
    polled = requests.get(f"{unharmed.stack.url}/socket.io/", params={"EIO": "4", "transport": "polling"}, timeout=10)
    assert polled.status_code == 400


def test_too_many_sockets_are_503_and_a_closed_one_makes_room(unharmed: Owner, newcomer: Api) -> None:
    cookie = cookie_of(newcomer)
    with ExitStack() as tabs:
        for _ in range(SOCKETS_PER_USER - 1):
            tabs.enter_context(Tab(newcomer, cookie))
        with Tab(newcomer, cookie):
            assert refusal_of_upgrade(newcomer, cookie) == 503
        wait_until(lambda: refusal_of_upgrade(newcomer, cookie) is None, TOLD_WITHIN, "there is room again")
        other = Api(unharmed.stack, "another").register()
        assert refusal_of_upgrade(other, cookie_of(other)) is None


def test_a_socket_that_never_joins_takes_a_place_too(unharmed: Owner, newcomer: Api) -> None:
    cookie, url = cookie_of(newcomer), f"{unharmed.stack.url.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
    with ExitStack() as bare:
        for _ in range(SOCKETS_PER_USER):
            bare.enter_context(closing(websocket.create_connection(url, cookie=cookie, timeout=10)))
        assert refusal_of_upgrade(newcomer, cookie) == 503
    wait_until(lambda: refusal_of_upgrade(newcomer, cookie) is None, TOLD_WITHIN, "there is room again")


def test_pages_are_told_again_after_web_was_killed(unharmed: Owner, newcomer: Api) -> None:
    phone = "+15550400002"
    newcomer.link(phone)
    with Tab(newcomer, cookie_of(newcomer)) as tab:
        before = unharmed.stack.kill("web")
        wait_until(lambda: unharmed.stack.pid("web") not in (0, before), 20, "web was started again")
        wait_until(unharmed.stack.ready, 20, "ready again")
        wait_until(lambda: tab.client.connected, 20, "the page has come back")
        assert newcomer.status()["status"] == "connected"
        mark = time.monotonic()
        unharmed.stack.sandbox("POST", f"/phones/{phone}/unlink")
        tab.wait_for("disconnected", TOLD_WITHIN, mark=mark)
        assert tab.events("session", mark)[-1]["reason"]["code"] == "unlinked_on_phone"


def test_a_logout_closes_the_pages(unharmed: Owner, newcomer: Api) -> None:
    """Their cookie is dead; a socket that lives on would go on telling."""
    login = Login(newcomer)
    cookie = login.cookie
    with Tab(newcomer, cookie) as tab:
        newcomer.initialize(network="sandbox")
        wait_until(lambda: tab.events("session"), TOLD_WITHIN, "told")
        login.log_out()
        assert refusal_of_upgrade(newcomer, cookie) == 401
        wait_until(lambda: not tab.client.connected, TOLD_WITHIN, "the page is closed")
        mark = time.monotonic()  # what was on its way already may still have come
        newcomer.disconnect()
        assert not tab.events("session", mark)
