"""Messages that wait for their time: promoted into the queue when it has come. Called by the worker, every second."""

from __future__ import annotations

from dataclasses import dataclass

from ..lib.clock import now
from ..lib.crash_points import crash_point
from ..store import Store
from .progress import Progress


@dataclass(frozen=True)
class Schedule:
    store: Store
    progress: Progress

    def promote(self) -> int:
        """The message first: killed in between, the entry is found due again and follows. How many."""
        due = self.store.outbox.due(now())
        if not due:
            return 0
        messages = self.store.messages.get_many([one.id for one in due])
        for entry in due:
            message = messages.get(entry.id)
            if message is None or message.status == "cancelled":
                self.store.outbox.remove([entry.id])
                continue
            crash_point("schedule.before-promoting")
            if message.status == "scheduled":
                self.progress.move(message, "queued", only_from="scheduled")
            crash_point("schedule.between-message-and-outbox")
            self.store.outbox.promote(entry.id)
        self.store.lanes.mark({one.session_id: one.user_id for one in due}, now())
        return len(due)
