"""Permission to send one more message: taken before the message is stored, and given back if it isn't a new one after all."""

from __future__ import annotations

from typing import Protocol


class Allowance(Protocol):
    def take(self) -> None:
        """Raises RateLimited."""

    def give_back(self) -> None:
        """What was taken isn't used: the message had been accepted before, or can't be stored."""
