"""The threads that fetch files outlive whatever goes wrong."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from tests.support.waiting import wait_until
from wabot.blueprints._context import services
from wabot.services.media import Media
from wabot.services.media_fetcher import MEDIA_AT_ONCE, MediaFetcher
from wabot.store import DATABASE_DOWN
from wabot.store.records import WantedMedia
from wabot.worker import guarded


def test_files_are_looked_for_again_once_the_database_is_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round that failed kept a place for itself: after four of them no file was fetched any more."""
    with app.app_context():
        media = services().media
    failures, due, looked = iter(range(MEDIA_AT_ONCE)), Media.due, threading.Event()

    def due_while_away(media: Media, limit: int) -> list[WantedMedia]:
        if next(failures, None) is not None:
            raise DATABASE_DOWN[0]("away")
        looked.set()
        return due(media, limit)

    monkeypatch.setattr(Media, "due", due_while_away)
    fetcher = MediaFetcher(media, guarded)

    def looked_again() -> bool:
        fetcher.ring()
        return looked.is_set()

    fetcher.start()
    try:
        wait_until(looked_again, 3, "it is looked for files again")
    finally:
        fetcher.stop()
