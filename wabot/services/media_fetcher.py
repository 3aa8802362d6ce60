"""The worker's threads that fetch files of incoming messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..store.records import WantedMedia
from .media import Media

MEDIA_AT_ONCE = 4
SWEEP_EVERY = 3600.0
"""Seconds. The worker rings every second, so that this comes round."""


class MediaFetcher:
    """Fetches files of incoming messages, a few at a time, so that a slow one holds up nothing else."""

    def __init__(self, media: Media, guarded: Callable[[Callable[[], object], str], object]) -> None:
        self._media = media
        self._guarded = guarded
        self._bell = threading.Event()
        self._free = threading.BoundedSemaphore(MEDIA_AT_ONCE)
        self._stopping = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="media", daemon=True).start()

    def ring(self) -> None:
        self._bell.set()

    def stop(self) -> None:
        """What is being fetched is left to the next worker, when its lease has run out."""
        self._stopping = True
        self._bell.set()

    def _run(self) -> None:
        swept = time.monotonic() - SWEEP_EVERY
        while not self._stopping:
            if time.monotonic() - swept >= SWEEP_EVERY:
                swept = time.monotonic()
                self._guarded(self._media.files.sweep, "media_sweep")
            self._bell.wait()
            self._bell.clear()
            self._guarded(self._round, "media")

    def _round(self) -> None:
        while not self._stopping and self._free.acquire(blocking=False):
            begun = False
            try:
                begun = self._begin()
            finally:
                if not begun:
                    self._free.release()
            if not begun:
                return

    def _begin(self) -> bool:
        """Whether there was one to fetch. The thread gives its place back when it is done."""
        due = self._media.due(1)
        if due:
            threading.Thread(target=self._fetch, args=due, name="media-fetch", daemon=True).start()
        return bool(due)

    def _fetch(self, wanted: WantedMedia) -> None:
        try:
            self._guarded(lambda: self._media.fetch(wanted), "media_fetch")
        finally:
            self._free.release()
            self.ring()
