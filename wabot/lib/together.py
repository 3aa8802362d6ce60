"""Calls that come at the same moment share one: what each would ask or write goes out together, and each gets its own answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")

_AT_MOST = 200
"""Calls in one round."""


class Together(Generic[A, R]):
    """`run` takes the arguments of all who share a round and gives their results in the same order.

    A lone call runs at once, in its own thread. Those that come while it runs wait for it to end and make up the next round, so
    whatever `run` reads is read after each of them asked. What `run` raises, all of its round raise. `then` follows with the same
    arguments when the others have their results already.
    """

    def __init__(self, run: Callable[[list[A]], list[R]], then: Callable[[list[A]], None] = lambda _: None) -> None:
        self._run = run
        self._then = then
        self._lock = threading.Lock()
        self._gathering: _Round[A, R] | None = None
        self._latest: _Round[A, R] | None = None

    def __call__(self, argument: A) -> R:
        with self._lock:
            current = self._gathering
            leads = current is None or len(current.arguments) >= _AT_MOST
            if current is None or leads:
                current = self._gathering = self._latest = _Round(self._latest)
            place = len(current.arguments)
            current.arguments.append(argument)
        if leads:
            self._lead(current)
        else:
            current.over.wait()
        if current.error is not None:
            raise current.error
        if leads:
            self._then(current.arguments)
        return current.results[place]

    def _lead(self, current: _Round[A, R]) -> None:
        try:
            if current.before:
                current.before.over.wait()
            with self._lock:
                if self._gathering is current:
                    self._gathering = None
            current.results = self._run(current.arguments)
        except BaseException as error:  # noqa: BLE001  # whoever shares the round raises it
            current.error = error
        finally:
            current.before = None
            current.over.set()


class _Round(Generic[A, R]):
    def __init__(self, before: _Round[A, R] | None) -> None:
        self.before = before
        self.arguments: list[A] = []
        self.results: list[R] = []
        self.error: BaseException | None = None
        self.over = threading.Event()
