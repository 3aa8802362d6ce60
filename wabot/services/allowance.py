"""Leave to send one more message: taken before it is stored, given back when it turns out to be none."""

from __future__ import annotations

from typing import Protocol


class Allowance(Protocol):
    def take(self) -> None:
        """Raises RateLimited."""

    def give_back(self) -> None:
        """What was taken is not used: the message was accepted before, or isn't stored."""
