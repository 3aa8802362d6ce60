"""Threads for work that may be cut off when the process ends: unlike those of an executor, they don't delay its end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class DaemonPool:
    """At most `size` threads, started when they are needed. Safe for threads."""

    def __init__(self, size: int, name: str) -> None:
        self._size, self._name = size, name
        self._work: deque[tuple[Future[Any], Callable[[], Any]] | None] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._idle = 0
        """Threads that wait for work; compared with the work that is queued, so that none waits while a thread could be started."""

    def submit(self, work: Callable[[], T]) -> Future[T]:
        done: Future[T] = Future()
        with self._changed:
            if self._idle <= len(self._work) and self._threads < self._size:
                threading.Thread(target=self._run, name=f"{self._name}-{self._threads + 1}", daemon=True).start()
                self._threads += 1
            self._work.append((done, work))
            self._changed.notify()
        return done

    def close(self) -> None:
        """Its threads end when what was submitted is done; submit nothing afterwards."""
        with self._changed:
            self._work.extend([None] * self._threads)
            self._changed.notify_all()

    def _run(self) -> None:
        while next_one := self._next():
            done, work = next_one
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001  # whoever waits raises it
                done.set_exception(error)

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._changed:
            self._idle += 1
            while not self._work:
                self._changed.wait()
            self._idle -= 1
            return self._work.popleft()
