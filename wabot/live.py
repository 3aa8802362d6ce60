"""Live updates in the web process: Socket.IO rooms, the gate before them, and calls that wait for a message.

Websocket only. The gate is WSGI, before Socket.IO takes a thread: an upgrade without a login is 401, over the caps 503
(64 anonymous sockets once starved a 64-thread server from inside the `connect` handler).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from flask import Flask, request
from flask_login import current_user
from flask_socketio import SocketIO, join_room

from .lib.client_sockets import ClientSocket
from .lib.joining import only_joining
from .lib.relay import EVENT, Relay
from .login_watch import LoginWatch
from .services.publishing import Push

SOCKETS_PER_USER = 12
SOCKETS_IN_ALL = 400
"""Each takes one of gunicorn's 512 threads; the rest stays for requests."""
JOINS_WITHIN = 20.0
"""Seconds. A websocket that isn't connected to Socket.IO hears nothing, and would not end with its login."""

StartResponse = Callable[..., Any]
WSGIApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


_INSTANCES: WeakSet[Live] = WeakSet()


def close_all() -> None:
    """For the end of the process (gunicorn's hook), which knows no application."""
    for live in list(_INSTANCES):
        live.close_all()


@dataclass(frozen=True)
class _Socket:
    user_id: str
    login_id: str


class Live:
    """The web process's publisher: to the user's room, and to whoever waits for that message."""

    def __init__(self) -> None:
        self.socketio = SocketIO()
        self.waiting = Waiting()
        self.places = Places()
        self._sockets: dict[str, _Socket] = {}
        self._relay: Relay | None = None  # to the sockets of other web processes
        self._lock = threading.Lock()
        self._watch = LoginWatch(self._login_ids, self._close_logins)
        _INSTANCES.add(self)

    def init_app(
        self, app: Flask, *, redis_url: str | None, origins: list[str], standing: Callable[[Collection[str]], set[str]]
    ) -> None:
        """`origins` may open sockets besides the page's own host, whatever name it has; `standing` tells which of some logins are
        still good."""
        self._watch.standing = standing
        self._relay = Relay(redis_url) if redis_url else None
        self.socketio.init_app(
            app,
            async_mode="threading",
            transports=["websocket"],
            client_manager=self._relay,
            cors_allowed_origins=lambda origin, environ: origin in origins or _host_of(origin) == environ.get("HTTP_HOST"),
            ping_interval=20,
            ping_timeout=20,
            max_http_buffer_size=10_000,
            manage_session=False,
        )
        only_joining(self.socketio.server)
        self.socketio.on_event("connect", self._on_connect)
        self.socketio.on_event("disconnect", self._on_disconnect)
        app.wsgi_app = Gate(app, self, app.wsgi_app)  # type: ignore[method-assign]

    def watches(self, user_id: str) -> bool:
        return self._has_pages(user_id) or self.waiting.anybody

    def publish(self, pushes: Sequence[Push]) -> None:
        for push in pushes:
            if push.event == "message":
                self.waiting.tell(push.data)
            if self._has_pages(push.user_id):
                self.socketio.emit(push.event, push.data, to=room(push.user_id))

    def _has_pages(self, user_id: str) -> bool:
        """Whether one may be open, here or at another web process."""
        if self._relay:
            return True
        with self._lock:
            return any(one.user_id == user_id for one in self._sockets.values())

    def logins_ended(self) -> None:
        """After a login was ended here: its sockets end now. Those of other processes find out by themselves (LoginWatch)."""
        self._watch.look_now()

    def close_all(self) -> None:
        """At the end of the process: open sockets would hold it for the whole graceful time-out."""
        with self._lock:
            sids = list(self._sockets)
        for sid in sids:
            self.socketio.server.disconnect(sid, namespace="/")

    def _login_ids(self) -> set[str]:
        with self._lock:
            return {one.login_id for one in self._sockets.values()}

    def _close_logins(self, ended: set[str]) -> None:
        """A socket outlives the cookie it was opened with, so it is ended, down to its connection."""
        with self._lock:
            sids = [sid for sid, one in self._sockets.items() if one.login_id in ended]
        server = self.socketio.server
        for sid in sids:
            connection = server.manager.eio_sid_from_sid(sid, "/")
            self.socketio.emit("logged_out", {}, to=sid)
            server.disconnect(sid, namespace="/")
            if opened := server.eio.sockets.get(connection):
                opened.close(wait=False)  # waiting may be for ever: the thread that would empty its queue may be gone

    def _on_connect(self, *_: object) -> bool:
        if not current_user.is_authenticated or current_user.viewer:
            return False
        opened = _Socket(current_user.user.id, current_user.login_id)
        with self._lock:
            self._sockets[request.sid] = opened  # type: ignore[attr-defined]  # Flask-SocketIO adds it
        hurry(request.environ, None)
        join_room(room(opened.user_id))
        if self._relay and self._relay.away:
            self.socketio.emit(EVENT, {"away": True}, to=request.sid, ignore_queue=True)  # type: ignore[attr-defined]
        self._watch.begin()
        return True

    def _on_disconnect(self, *_: object) -> None:
        hurry(request.environ, JOINS_WITHIN)  # the websocket itself may stay open
        with self._lock:
            self._sockets.pop(request.sid, None)  # type: ignore[attr-defined]


def room(user_id: str) -> str:
    return f"user:{user_id}"


def hurry(environ: dict[str, Any], seconds: float | None) -> None:
    """The websocket of this handshake may be read for so long; with None for as long as it gives signs of life."""
    if isinstance(client := environ.get("gunicorn.socket"), ClientSocket):
        client.read_by = None if seconds is None else time.monotonic() + seconds


class Places:
    """Who holds how many websockets, from the handshake to the end: also one that never connects to Socket.IO takes a thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: Counter[str] = Counter()

    def take(self, user_id: str) -> str | None:
        """None, or why one more of this user can't be taken."""
        with self._lock:
            if self._of[user_id] >= SOCKETS_PER_USER:
                return "too many open pages"
            if self._of.total() >= SOCKETS_IN_ALL:
                return "the server is full"
            self._of[user_id] += 1
            return None

    def give_back(self, user_id: str) -> None:
        with self._lock:
            self._of[user_id] -= 1
            self._of += Counter()


class Gate:
    """WSGI: looks at `/socket.io/` only, and lets everything else through."""

    def __init__(self, app: Flask, live: Live, inner: WSGIApp) -> None:
        self._app = app
        self._live = live
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith("/socket.io"):
            return self._inner(environ, start_response)
        user_id, refused = self._let_in(environ)
        if refused is None:
            return self._served(environ, start_response, user_id)
        status, why = refused
        start_response(status, [("Content-Type", "text/plain"), ("Connection", "close")])
        return [why.encode()]

    def _served(self, environ: dict[str, Any], start_response: StartResponse, user_id: str) -> Iterable[bytes]:
        """Until the websocket ends."""
        try:
            hurry(environ, JOINS_WITHIN)
            return self._inner(environ, start_response)
        finally:
            self._live.places.give_back(user_id)

    def _let_in(self, environ: dict[str, Any]) -> tuple[str, tuple[str, str] | None]:
        """Who has a place now, or the status and the reason that nobody has."""
        if not _is_handshake(environ):
            return "", ("400 Bad Request", "websocket only")
        with self._app.request_context(environ):
            if not current_user.is_authenticated:
                return "", ("401 Unauthorized", "log in first")
            if current_user.viewer:
                return "", ("403 Forbidden", "nothing is pushed to an administrator who views as a user")
            user_id: str = current_user.user.id
        why = self._live.places.take(user_id)
        return user_id, ("503 Service Unavailable", why) if why else None


def _host_of(origin: str | None) -> str:
    return urlsplit(origin or "").netloc


def _is_handshake(environ: dict[str, Any]) -> bool:
    """As RFC 6455, 4.2.1 wants it: what isn't one would only be found out after a thread was taken, and end as an error of ours."""
    asked = {name: environ.get(f"HTTP_{name}", "").lower() for name in ("UPGRADE", "CONNECTION", "SEC_WEBSOCKET_VERSION")}
    asks = asked["UPGRADE"] == "websocket" and "upgrade" in asked["CONNECTION"] and asked["SEC_WEBSOCKET_VERSION"] == "13"
    return asks and environ["REQUEST_METHOD"] == "GET" and bool(environ.get("HTTP_SEC_WEBSOCKET_KEY"))


class Waiting:
    """Calls that take long, most of which wait for a message to leave `queued` and `sending`: at most eight a user."""

    PER_USER = 8

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[threading.Event]] = {}
        self._users: Counter[str] = Counter()

    @property
    def anybody(self) -> bool:
        return bool(self._events)

    def enter(self, user_id: str) -> bool:
        """False when this user has enough waiting calls already."""
        with self._lock:
            if self._users[user_id] >= self.PER_USER:
                return False
            self._users[user_id] += 1
            return True

    def leave(self, user_id: str) -> None:
        with self._lock:
            self._users[user_id] -= 1
            self._users += Counter()

    def watch(self, message_id: str) -> threading.Event:
        event = threading.Event()
        with self._lock:
            self._events.setdefault(message_id, []).append(event)
        return event

    def unwatch(self, message_id: str, event: threading.Event) -> None:
        with self._lock:
            self._events[message_id].remove(event)
            if not self._events[message_id]:
                del self._events[message_id]

    def tell(self, message: dict[str, Any]) -> None:
        with self._lock:
            events = list(self._events.get(message["id"], ()))
        for event in events:
            event.set()
