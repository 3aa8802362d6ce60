"""After a start on a restored backup: messages that were waiting may have been sent since, so WhatsApp is asked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import Store
from .schedule import Schedule

DETAIL = "restored from a backup"

log = get_logger(__name__)


@dataclass(frozen=True)
class Restored:
    """`note` is the file that a backup brings along (launching/backup.py)."""

    store: Store
    schedule: Schedule
    note: Path

    def settle(self) -> None:
        """Every message that waits in a queue, or whose time came since, becomes `unknown`, and is looked up by its lane; then the
        note is taken away."""
        if not self.note.exists():
            return
        while self.schedule.promote():
            pass  # some at a time
        doubted = 0
        for message in self.store.outbox.everything_queued():
            entry = {"status": "unknown", "at": now(), "detail": DETAIL}
            doubted += self.store.messages.move(message, frozenset({"queued"}), entry)
        log.info("started_on_a_backup", doubted=doubted)
        self.note.unlink()
