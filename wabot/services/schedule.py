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
        """Into the queue, and then the lane is marked: killed in between, the message is found due again. How many."""
        due = self.store.outbox.due(now())
        if not due:
            return 0
        for message in due:
            crash_point("schedule.before-promoting")
            if message.status == "scheduled":
                self.progress.move(message, "queued", only_from="scheduled")
        crash_point("schedule.before-mark")
        self.store.lanes.mark({one.session_id: one.user_id for one in due}, now())
        crash_point("schedule.after-mark")
        self.store.outbox.joined([one.id for one in due])
        return len(due)
