"""Named places where a test can kill the process, to show that nothing is lost, doubled or untrue afterwards.

They only work with `WABOT_CRASH_POINTS=1`, which the test suite sets. When the process passes a point and there is a file
`run/crash-<name>` under `WABOT_DATA`, it is killed with SIGKILL; the file is removed first, so that the next process gets past it.
A file `run/pause-<name>` stops the process there (SIGSTOP) until somebody continues it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_UNTIL_IT_STANDS = 0.1
"""Seconds; SIGSTOP reaches the other threads first."""
_SIGNALS = {"crash": signal.SIGKILL, "pause": signal.SIGSTOP}
_ARMED = os.environ.get("WABOT_CRASH_POINTS") == "1"

POINTS = (
    "accept.before-store",
    "accept.before-answer",
    "accept.before-wake",
    "lane.after-claim",
    "lane.after-noting",
    "lane.after-hand-over",
    "lane.after-done",
    "lane.before-settling",
    "lane.after-settling",
    "schedule.before-promoting",
    "schedule.before-mark",
    "schedule.after-mark",
    "ingest.before-apply",
    "ingest.before-remember",
    "ingest.before-answer",
)
"""In the order a message passes them; those of the gateway stand in node_wa/lib/crash_points.js."""


HOOK_POINTS = ("tell.before-log", "tell.after-log", "tell.after-deliveries", "hook.before-attempt", "hook.after-attempt")
MAIL_POINTS = ("mail.after-claim", "mail.after-send")
ADMIN_POINTS = ("administrators.after-announcement", "administrators.after-appointment", "administrators.after-strike")


def crash_point(name: str) -> None:
    if not _ARMED:
        return
    if name not in POINTS + MAIL_POINTS + HOOK_POINTS + ADMIN_POINTS:
        raise ValueError(f"unknown crash point {name}")
    for kind, number in _SIGNALS.items():
        armed = Path(os.environ["WABOT_DATA"]) / "run" / f"{kind}-{name}"
        with contextlib.suppress(FileNotFoundError):
            armed.unlink()
            os.kill(os.getpid(), number)
            time.sleep(_UNTIL_IT_STANDS)
