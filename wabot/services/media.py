"""Files of incoming messages: wanted durably with the message, fetched by a worker, kept for their owner, given out safely.

pending ──► stored
   │  ▲
   ▼  │ fetched again, when its owner asks
  failed    too large, gone from WhatsApp, no room, or not to be had after several tries
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ..errors import Conflict, NotFound
from ..lib.clock import now
from ..lib.gateway import FetchedMedia, Gateway, MediaRefused
from ..lib.log import get_logger
from ..lib.media_files import MediaFiles
from ..lib.media_types import OTHER, ending_of, is_shown, sniff
from ..store import Store
from ..store.records import Message, WantedMedia
from ..words import N_
from .publishing import Publisher, pushes_of_media

LEASE = timedelta(seconds=90)
"""Longer than the gateway may take for one file."""
TRIES = 6
_WAIT = timedelta(seconds=5)
_NOT_CONNECTED_WAIT = timedelta(seconds=20)
_GONE = "media_gone"
_UNAVAILABLE = "media_unavailable"
_FINAL = frozenset({"media_too_large", _GONE, "not_supported_by_engine"})
_NOT_CONNECTED = frozenset({"session_not_connected", "session_not_found", "gateway_unavailable", "shutting_down"})
"""The gateway is being restarted, or does not hold the session just now: nothing was tried."""
_PATIENCE = timedelta(days=7)
"""How long a file waits for its session to be connected again. WhatsApp itself keeps files for some weeks."""

_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Control characters, path separators, and what turns the direction of a text so that an ending looks like another."""

log = get_logger(__name__)


@dataclass(frozen=True)
class MediaFile:
    """A stored file as it may be given out: `kind` is a type that can hold no script, `shown` whether a page may show it."""

    path: Path
    kind: str
    filename: str
    sha256: str

    @property
    def shown(self) -> bool:
        return is_shown(self.kind)


@dataclass(frozen=True)
class Media:
    store: Store
    gateway: Gateway
    publisher: Publisher
    files: MediaFiles
    wake: Callable[[], None]
    limit_bytes: int
    quota_bytes: int

    def want(self, messages: list[Message]) -> None:
        """Their files are to be fetched. Harmless to repeat."""
        self.store.wanted_media.add_many([_wanted(one) for one in messages])
        if messages:
            self.wake()

    def due(self, limit: int) -> list[WantedMedia]:
        """Files to be fetched now, each given to one caller alone."""
        at = now()
        return [one for one in self.store.wanted_media.due(at, limit) if self.store.wanted_media.claim(one, at + LEASE)]

    def fetch(self, wanted: WantedMedia) -> None:
        """One try. Whatever becomes of it is written down before the entry is gone."""
        message = self.store.messages.get(wanted.id)
        if message is None or not message.media or message.media["status"] != "pending":
            self.store.wanted_media.remove(wanted.id)
        elif self.files.usage(message.user_id) + (message.media["size"] or 0) > self.quota_bytes:
            self._settle(message, {"status": "failed", "error": "media_quota"})
        else:
            self._fetch(message, wanted)

    def again(self, user_id: str, message_id: str) -> Message:
        """Try once more. Raises NotFound, Conflict `media_stored`."""
        message = self._with_media(user_id, message_id)
        media = message.media or {}
        if media["status"] == "stored":
            raise Conflict("The file is here already.", code="media_stored")
        self.store.messages.set_media(message.id, {**media, "status": "pending", "error": None})
        self.store.wanted_media.remove(message.id)
        found = self._with_media(user_id, message_id)
        self.want([found])
        return found

    def open(self, user_id: str, message_id: str) -> MediaFile:
        """Raises NotFound; Conflict `media_pending` or the reason why there is no file."""
        message = self._with_media(user_id, message_id)
        media = message.media or {}
        if media["status"] != "stored":
            pending = media["status"] == "pending"
            code = "media_pending" if pending else str(media["error"])
            raise Conflict(N_("The file is being fetched.") if pending else N_("The file could not be fetched."), code=code)
        path = self.files.path(user_id, media["sha256"])
        if not path.is_file():
            raise NotFound("The file is not here any more.", code="media_missing")
        return MediaFile(path, media.get("type") or OTHER, filename_of(message), media["sha256"])

    def _with_media(self, user_id: str, message_id: str) -> Message:
        message = self.store.messages.of_user(user_id, message_id)
        if message is None or not message.media:
            raise NotFound("There is no such file.")
        return message

    def _fetch(self, message: Message, wanted: WantedMedia) -> None:
        order = {
            "wa_message_id": message.wa_message_id,
            "chat": {"phone": _phone_of(message), "lid": message.chat_lid},
            "from_me": message.direction == "out",
            "max_bytes": self.limit_bytes,
        }
        try:
            fetched = self.gateway.media(message.session_id, order)
            self._keep(message, fetched)
        except MediaRefused as refused:
            self._refused(message, wanted, refused.code)
        except FileNotFoundError:
            self._refused(message, wanted, _UNAVAILABLE)

    def _keep(self, message: Message, fetched: FetchedMedia) -> None:
        if self.files.usage(message.user_id) + fetched.size > self.quota_bytes:
            self.files.drop(fetched.file)
            self._settle(message, {"status": "failed", "error": "media_quota"})
            return
        path = self.files.take(fetched.file, message.user_id, fetched.sha256)
        kept = {"status": "stored", "error": None, "sha256": fetched.sha256, "size": fetched.size, "type": sniff(path)}
        self._settle(message, kept)

    def _refused(self, message: Message, wanted: WantedMedia, code: str) -> None:
        waits = code in _NOT_CONNECTED
        if waits and self.store.sessions.get(message.session_id) is None:
            code, waits = _GONE, False
        tries = wanted.tries + (not waits)
        if code in _FINAL:
            self._settle(message, {"status": "failed", "error": code})
        elif tries >= TRIES or (waits and now() - message.created_at > _PATIENCE):
            self._settle(message, {"status": "failed", "error": _UNAVAILABLE})
        else:
            log.info("media_waits", message_id=message.id, code=code, tries=tries)
            wait = _NOT_CONNECTED_WAIT if waits else _WAIT * 2**tries
            self.store.wanted_media.later(wanted.id, now() + wait, tries=tries)

    def _settle(self, message: Message, changes: dict[str, Any]) -> None:
        log.info("media_settled", message_id=message.id, status=changes["status"], code=changes["error"])
        self.store.messages.set_media(message.id, {**(message.media or {}), **changes})
        self.store.wanted_media.remove(message.id)
        settled = self.store.messages.get(message.id)
        if settled:
            self.publisher.publish(pushes_of_media(settled))
        elif self.store.users.get(message.user_id) is None:
            self.files.erase(message.user_id)  # the account was erased meanwhile


def filename_of(message: Message) -> str:
    """As its sender called it, or by its kind and time, with the ending of what it is."""
    media = message.media or {}
    given = _NOT_IN_NAMES.sub("_", str(media.get("filename") or "")).strip(". ")
    return given or f"{message.kind}-{message.created_at:%Y-%m-%d-%H%M%S}{ending_of(media.get('type'))}"


def _phone_of(message: Message) -> str | None:
    return message.to if message.direction == "out" else message.from_


def _wanted(message: Message) -> WantedMedia:
    return WantedMedia(id=message.id, user_id=message.user_id, session_id=message.session_id, not_before=now())
