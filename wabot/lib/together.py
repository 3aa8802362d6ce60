"""Calls that arrive at the same moment are combined into one: they share a query or a write, and each gets its own result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")

_AT_MOST = 200
"""Calls in one round."""


class Together(Generic[A, R]):
    """`run` takes the arguments of all calls that share a round, and returns their results in the same order.

    A single call runs at once, in its own thread. Calls that arrive while it runs wait for its end and form the next round, so
    whatever `run` reads is read after each of them was made. What `run` raises is raised for every call of its round. `then` is
    called with the same arguments once the other callers have their results.
    """

    def __init__(self, run: Callable[[list[A]], list[R]], then: Callable[[list[A]], None] = lambda _: None) -> None:
        self._run = run
        self._then = then
        self._lock = threading.Lock()
        self._gathering: _Round[A, R] | None = None
        self._latest: _Round[A, R] | None = None

    def __call__(self, argument: A) -> R:
        with self._lock:
            current, place, turn = self._enter(argument)
        leads = place == 0
        if leads:
            self._lead(current, turn)
        elif turn:
            turn.acquire()
            current.let_on(place)
        if current.error is not None:
            raise current.error
        if leads:
            self._then(current.arguments)
        return current.results[place]

    def _enter(self, argument: A) -> tuple[_Round[A, R], int, threading.Lock | None]:
        """Under the lock: the round that is gathering, or a new one; the place in it, of which 0 leads; the turn to wait for."""
        current, turn = self._gathering, None
        if current is None or len(current.arguments) >= _AT_MOST:
            before, current = self._latest, _Round[A, R]()
            self._gathering = self._latest = current
            if before and not before.over:
                turn = before.next_leads = _closed()
        else:
            turn = _closed()
            current.turns.append(turn)
        current.arguments.append(argument)
        return current, len(current.arguments) - 1, turn

    def _lead(self, current: _Round[A, R], turn: threading.Lock | None) -> None:
        try:
            if turn:
                turn.acquire()
            with self._lock:
                if self._gathering is current:
                    self._gathering = None
            current.results = self._run(current.arguments)
        except BaseException as error:  # noqa: BLE001  # whoever shares the round raises it
            current.error = error
        finally:
            self._end(current)

    def _end(self, current: _Round[A, R]) -> None:
        """The next round first: it has a way to go, and these have their results."""
        with self._lock:
            current.over = True
        if current.next_leads:
            current.next_leads.release()
        current.let_on(0)


class _Round(Generic[A, R]):
    """A turn is a lock that is released when its thread may go on. Each that goes on lets on the next: woken all at once they would
    only wait again, for the interpreter."""

    def __init__(self) -> None:
        self.arguments: list[A] = []
        self.results: list[R] = []
        self.error: BaseException | None = None
        self.over = False
        self.turns: list[threading.Lock] = []
        """Of those that share the round, but its leader; complete when it runs."""
        self.next_leads: threading.Lock | None = None
        """The turn of the next round's leader, who waits for this one."""

    def let_on(self, place: int) -> None:
        """The next after the one at that place."""
        if place < len(self.turns):
            self.turns[place].release()


def _closed() -> threading.Lock:
    made = threading.Lock()
    made.acquire()
    return made
