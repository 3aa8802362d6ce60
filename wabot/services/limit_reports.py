"""Who was refused in the last minutes and by which limit, and how full the fullest are: what an administrator looks at.

Each web process keeps its own `LimitReport` in memory, bounded. With several of them (`REDIS_URL`) each writes its own into the
store once a second while it changes, and `LimitReports` adds them up.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import DATABASE_DOWN, Store

KEPT = 500
"""Refused and filling windows, each; the longest untouched is forgotten first."""
SHOWN = 20
REFUSED_SECONDS = 600.0
"""How long a refusal is shown."""
_WRITE_EVERY = 1.0
"""Seconds."""

Row = dict[str, Any]
Report = dict[str, list[Row]]
"""{refused: [{limit, who, count, at}], filling: [{limit, who, used, allowed, until}]}, the worst first."""
Key = tuple[str, str]
"""The limit (`send_per_minute`) and who it is for (`user:<id>`, `ip:<address>`)."""

log = get_logger(__name__)


@dataclass
class Refused:
    """`at` is the last time, in seconds since 1970."""

    count: int = 0
    at: float = 0.0


@dataclass
class Filling:
    used: int
    allowed: int
    until: float


@dataclass
class LimitReport:
    """Safe for threads."""

    changes: int = 0
    _refused: OrderedDict[Key, Refused] = field(default_factory=OrderedDict)
    _filling: OrderedDict[Key, Filling] = field(default_factory=OrderedDict)
    _totals: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refused(self, limit: str, who: str) -> None:
        moment = time.time()
        with self._lock:
            one = self._refused.setdefault((limit, who), Refused())
            if one.at < moment - REFUSED_SECONDS:
                one.count = 0
            one.count, one.at = one.count + 1, moment
            self._totals[limit] += 1
            _touch(self._refused, (limit, who))
            self.changes += 1

    def filled(self, limit: str, who: str, filling: Filling) -> None:
        with self._lock:
            self._filling[(limit, who)] = filling
            _touch(self._filling, (limit, who))
            self.changes += 1

    def totals(self) -> dict[str, int]:
        """By limit, since this process began."""
        with self._lock:
            return dict(self._totals)

    def snapshot(self) -> Report:
        moment = time.time()
        with self._lock:
            refused = [(key, vars(one).copy()) for key, one in self._refused.items() if one.at > moment - REFUSED_SECONDS]
            filling = [(key, vars(one).copy()) for key, one in self._filling.items() if one.until > moment]
        return {"refused": _latest(refused), "filling": _fullest(filling)}


class LimitReports:
    """Of all web processes; `own` is this one's."""

    def __init__(self, store: Store, process: str, *, shared: bool) -> None:
        """`process` is this one's name; without `shared` it is the only one, and nothing is written."""
        self._store = store
        self.own = LimitReport()
        self._process = process
        self._shared = shared
        self._stopping = threading.Event()
        if shared:
            threading.Thread(target=self._run, name="limit-reports", daemon=True).start()

    def now(self) -> Report:
        others = self._store.limit_reports.others(self._process, now()) if self._shared else []
        return merged([self.own.snapshot(), *others])

    def close(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        written = 0
        while not self._stopping.wait(_WRITE_EVERY):
            changes = self.own.changes
            if changes != written:
                written = changes if self._write() else written

    def _write(self) -> bool:
        try:
            self._store.limit_reports.put(self._process, dict(self.own.snapshot()), now() + timedelta(seconds=REFUSED_SECONDS))
        except DATABASE_DOWN as error:
            log.warning("limit_report_not_written", error=type(error).__name__)
            return False
        return True


def merged(reports: Sequence[Report]) -> Report:
    """Several processes' reports as one: refusals added up, of a window the fullest that anybody saw."""
    refused: dict[Key, dict[str, Any]] = {}
    filling: dict[Key, dict[str, Any]] = {}
    for one in (one for report in reports for one in report["refused"]):
        known = refused.setdefault((one["limit"], one["who"]), {"count": 0, "at": 0.0})
        known.update(count=known["count"] + one["count"], at=max(known["at"], one["at"]))
    for one in (one for report in reports for one in report["filling"]):
        known = filling.setdefault((one["limit"], one["who"]), one)
        if one["used"] > known["used"]:
            filling[(one["limit"], one["who"])] = one
    return {"refused": _latest(list(refused.items())), "filling": _fullest(list(filling.items()))}


def _touch(kept: OrderedDict[Key, Any], key: Key) -> None:
    kept.move_to_end(key)
    if len(kept) > KEPT:
        kept.popitem(last=False)


def _latest(found: list[tuple[Key, dict[str, Any]]]) -> list[Row]:
    rows = [{"limit": limit, "who": who, **one} for (limit, who), one in found]
    return sorted(rows, key=lambda row: -row["at"])[:SHOWN]


def _fullest(found: list[tuple[Key, dict[str, Any]]]) -> list[Row]:
    rows = [{"limit": limit, "who": who, **one} for (limit, who), one in found]
    return sorted(rows, key=lambda row: -row["used"] / row["allowed"])[:SHOWN]
