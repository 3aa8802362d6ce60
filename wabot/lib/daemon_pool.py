"""Threads for work that may be cut off at the end of the process: unlike an executor's they don't hold it up."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class DaemonPool:
    """At most `size` threads, started when they are needed. Safe for threads."""

    def __init__(self, size: int, name: str) -> None:
        self._size, self._name = size, name
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0

    def submit(self, work: Callable[[], T]) -> Future[T]:
        done: Future[T] = Future()
        with self._lock:
            if self._idle <= self._work.qsize() and self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._run, name=f"{self._name}-{self._threads}", daemon=True).start()
        self._work.put((done, work))
        return done

    def close(self) -> None:
        """Its threads end when what was submitted is done; submit nothing afterwards."""
        for _ in range(self._threads):
            self._work.put(None)

    def _run(self) -> None:
        while True:
            self._count_idle(1)
            next_one = self._work.get()
            self._count_idle(-1)
            if next_one is None:
                return
            done, work = next_one
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001  # whoever waits raises it
                done.set_exception(error)

    def _count_idle(self, by: int) -> None:
        with self._lock:
            self._idle += by
