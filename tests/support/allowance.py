"""Leave to send as much as one likes, for tests of other things."""

from __future__ import annotations


class Unlimited:
    def take(self) -> None: ...

    def give_back(self) -> None: ...
