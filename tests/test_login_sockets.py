"""An open page's websocket ends with its login, within a second, whichever process ended the login, and only that login's."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import websocket
from pymongo import MongoClient

from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.tab import Login, refusal_of_upgrade

ENDS_WITHIN = 1.0


class Socket:
    """A page's connection without the library that would end it politely by itself."""

    def __init__(self, user: Api, login: Login, **more: str) -> None:
        url = f"{user.stack.url.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
        self._socket = websocket.create_connection(url, cookie=login.cookie, timeout=10, **more)
        assert str(self._socket.recv()).startswith("0")
        self._socket.send("40")
        assert str(self._socket.recv()).startswith("40")

    def seconds_until_end(self) -> float:
        started = time.monotonic()
        try:
            while self._socket.recv():
                pass
        except websocket.WebSocketConnectionClosedException:
            pass  # without a goodbye, which is an end as well
        seconds = time.monotonic() - started
        self.close()
        return seconds

    def is_open(self) -> bool:
        """Whether nothing ends it for longer than the ended ones take."""
        self._socket.settimeout(1.5)
        try:
            return bool(self._socket.recv())
        except websocket.WebSocketTimeoutException:
            return True
        except websocket.WebSocketConnectionClosedException:
            return False

    def send(self, packet: str) -> None:
        self._socket.send(packet)

    def close(self) -> None:
        self._socket.shutdown()


@pytest.fixture
def user(new_user: Callable[[str], Api]) -> Api:
    return new_user("sockets")


def end_here(login: Login, _: Stack, __: Api) -> None:
    login.log_out()


def end_in_the_store(login: Login, stack: Stack, user: Api) -> None:
    """As any other process does it: the worker, a command, another web process."""
    port = int((stack.data / "run" / "db.port").read_text())
    with MongoClient[dict[str, object]](f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites=false") as client:
        logins = client["wabot"]["logins"]
        mine = user.get("/api/auth/me").json()["user"]["id"]
        last = max(logins.find({"user_id": mine, "kind": "web"}), key=lambda one: str(one["created_at"]))
        assert logins.delete_one({"_id": last["_id"]}).deleted_count == 1


@pytest.mark.parametrize("end", [end_here, end_in_the_store])
def test_only_the_ended_logins_sockets_end(stack: Stack, user: Api, end: Callable[[Login, Stack, Api], None]) -> None:
    kept, ended = Login(user), Login(user)
    stays, goes, goes_too = Socket(user, kept), Socket(user, ended), Socket(user, ended)
    end(ended, stack, user)
    assert goes.seconds_until_end() < ENDS_WITHIN
    assert goes_too.seconds_until_end() < 0.2
    assert stays.is_open()
    stays.close()
    kept.close()
    ended.close()
    assert refusal_of_upgrade(user, ended.cookie) == 401


def test_sockets_are_for_pages_of_this_site_whatever_its_name_is(stack: Stack, user: Api) -> None:
    login, port = Login(user), stack.env["WABOT_PORT"]
    for host, origin in [(f"localhost:{port}", f"http://localhost:{port}"), ("wabot.example", stack.url)]:
        Socket(user, login, host=host, origin=origin).close()
    for origin in ("https://evil.example", f"http://evil.example:{port}", "null"):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Socket(user, login, origin=origin)
        assert refused.value.status_code == 400
    login.close()


def test_who_says_what_no_page_says_is_cut_off(stack: Stack, user: Api) -> None:
    """Each such packet cost a thread or a traceback, and a connection could send as many as it liked."""
    login = Login(user)
    quiet = Socket(user, login)
    for packet in ('42["message",{}]', "4", "40{{{", "40/admin,", '451-["x",{"_placeholder":true,"num":0}]', "43[1]", "44"):
        rude = Socket(user, login)
        rude.send(packet)
        assert rude.seconds_until_end() < ENDS_WITHIN, packet
    assert quiet.is_open()
    quiet.close()
    login.close()
    lines = stack.logs("web").splitlines()
    assert any('"websocket_ended"' in one for one in lines)
    assert [one for one in lines if "handler error" in one or not one.startswith(('{"', "== "))] == []
