"""Open sockets end with the login they were opened with, whichever process ended it.

A socket is let in by its cookie once and then lives for days. So every web process asks the store, a few times a second and
only while it holds sockets, which of their logins still stand: one look-up by ids, whatever ended them (a page, the API, a
command, the worker, time), and nothing that could be missed while a process or a message queue was away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from .lib.log import get_logger
from .store import DATABASE_DOWN

LOOK_EVERY = 0.5
"""Seconds. What was promised is the end within one."""

log = get_logger(__name__)


class LoginWatch:
    """`open_logins` gives the ids of the logins with sockets, `close` ends the sockets of some; `standing` is set before the start."""

    standing: Callable[[Collection[str]], set[str]]

    def __init__(self, open_logins: Callable[[], set[str]], close: Callable[[set[str]], None]) -> None:
        self._open_logins = open_logins
        self._close = close
        self._now = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """With every socket; the first one starts the thread (not earlier: a process may be forked before)."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="login-watch", daemon=True)
                self._thread.start()
        self._now.set()

    def look_now(self) -> None:
        self._now.set()

    def _run(self) -> None:
        while True:
            self._now.wait(LOOK_EVERY if self._open_logins() else None)
            self._now.clear()
            try:
                self._look()
            except DATABASE_DOWN as error:
                log.warning("database_away", what="login_watch", error=type(error).__name__)
            except Exception:
                log.exception("login_watch_failed")

    def _look(self) -> None:
        opened = self._open_logins()
        ended = opened - self.standing(opened) if opened else set()
        if ended:
            self._close(ended)
            log.info("sockets_ended", logins=len(ended))
