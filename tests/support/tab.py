"""An open page of a user, as far as the server sees it: the cookie of a login by form, and a Socket.IO websocket."""

from __future__ import annotations

import re
import time
from typing import Any

import requests
import socketio
import websocket

from .api import Api
from .waiting import wait_until


class Login:
    """One browser that logged in by the form."""

    def __init__(self, user: Api) -> None:
        self._url = user.stack.url
        self._browser = requests.Session()
        self._submit("/login", "/login", email=user.email, password=user.password)

    @property
    def cookie(self) -> str:
        """The Cookie header it sends now."""
        return "; ".join(f"{one.name}={one.value}" for one in self._browser.cookies)

    def log_out(self) -> None:
        self._submit("/dashboard", "/logout")
        self.close()

    def close(self) -> None:
        self._browser.close()

    def _submit(self, page: str, action: str, **fields: str) -> None:
        shown = self._browser.get(f"{self._url}{page}", timeout=10)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown.text)
        assert token, f"no form on {page}"
        fields["csrf_token"] = token[1]
        answer = self._browser.post(f"{self._url}{action}", data=fields, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text[:500]


def cookie_of(user: Api) -> str:
    """The Cookie header of a browser in which this user logged in."""
    return Login(user).cookie


def refusal_of_upgrade(user: Api, cookie: str | None) -> int | None:
    """The status a bare websocket upgrade is refused with; None when it is taken."""
    url = f"{user.stack.url.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
    try:
        made = websocket.create_connection(url, cookie=cookie, timeout=10)
    except websocket.WebSocketBadStatusException as refused:
        return int(refused.status_code)
    made.close()
    return None


class Tab:
    """`with Tab(user, cookie) as tab`. Comes back by itself, as a page does. `told` has (time, event, data) in their order. `url`: of
    another web process than the stack's own."""

    def __init__(self, user: Api, cookie: str, url: str | None = None) -> None:
        self._url, self._cookie = url or user.stack.url, cookie
        self.told: list[tuple[float, str, Any]] = []
        self.client = socketio.Client(reconnection=True, reconnection_delay=0.2, reconnection_delay_max=1)
        for event in ("session", "qr", "message", "relay"):
            self.client.on(event, self._listener(event))

    def _listener(self, event: str) -> Any:
        return lambda data: self.told.append((time.monotonic(), event, data))

    def __enter__(self) -> Tab:
        self.client.connect(self._url, headers={"Cookie": self._cookie}, transports=["websocket"], wait_timeout=10)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        wait_until(lambda: not self.client.connected, 10, "the page is closed")

    def events(self, event: str, mark: float = 0.0) -> list[Any]:
        return [data for at, name, data in list(self.told) if name == event and at > mark]

    def first(self, event: str, within: float) -> Any:
        return wait_until(lambda: self.events(event), within, f"the page is told of {event}")[0]

    def wait_for(self, status: str, within: float, session: str = "default", mark: float = 0.0) -> None:
        """Until the last that was told of the session is this status."""
        wait_until(lambda: self.statuses(session, mark)[-1:] == [status], within, f"the page is told that {session} is {status}")

    def statuses(self, session: str, mark: float = 0.0) -> list[str]:
        return [str(data["status"]) for data in self.events("session", mark) if data["session"] == session]
