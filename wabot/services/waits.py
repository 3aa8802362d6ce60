"""What a lane waited for, so that a message's timeline can say why it wasn't sent at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..lib.clock import now

_KEPT = 10


@dataclass
class Waits:
    """The lane's last waits: [code, since, until], the open one without its end."""

    _past: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _open: dict[str, Any] | None = None

    def begin(self, code: str) -> None:
        """Harmless while it waits for just that."""
        if self._open and self._open["code"] == code:
            return
        self.end()
        self._open = {"code": code, "since": now()}

    def end(self) -> None:
        if self._open:
            self._past.append({**self._open, "until": now()})
        self._open = None

    def since(self, moment: datetime) -> list[dict[str, Any]]:
        """[{code, since, until}] of those that were not over before `moment`, oldest first."""
        return [one for one in self._past if one["until"] > moment]
