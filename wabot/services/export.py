"""Everything of a user as a ZIP: a text that explains it, and one file of JSON lines for each kind of thing.

It is written while it is read, page by page, so that its size costs no memory and its reads hold up nobody for long. Secrets are not
in it: nothing could be read from their digests, and what is encrypted would be worthless elsewhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from ..errors import Conflict
from ..lib.clock import BEGINNING, now, optional_rfc3339, to_rfc3339
from ..lib.media_files import MediaFiles
from ..lib.zipping import zipped
from ..store import Store
from ..store.audit import AuditFilter
from ..store.messages import MessageFilter
from ..store.records import Message, Page, User
from ..store.windows import every_page
from . import present
from .audit import AuditLog
from .event_stream import shapes

_PAGE = 200

Lines = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """One file of the archive. `collections` are those of the store it is made from."""

    name: str
    text: str
    collections: tuple[str, ...]
    lines: Callable[[Store, User], Lines]


def _account(_: Store, user: User) -> Lines:
    yield {
        **present.user(user),
        "created_at": to_rfc3339(user.created_at),
        "second_factor_since": optional_rfc3339(user.factor_since),
        "limits": user.limits,
    }


def _messages(direction: str) -> Callable[[Store, User], Lines]:
    def lines(store: Store, user: User) -> Lines:
        asked = MessageFilter(direction=direction)
        return map(_message, _paged(partial(store.messages.page, user.id, asked)))

    return lines


def _message(record: Message) -> dict[str, Any]:
    """With the hash that names its file in media/."""
    sha256 = (record.media or {}).get("sha256")
    return {**present.message_for_page(record), **({"sha256": sha256} if sha256 else {})}


def _paged(read: Callable[..., Page]) -> Iterator[Any]:
    return chain.from_iterable(page.items for page in every_page(read, limit=_PAGE))


def _webhooks(store: Store, user: User) -> Lines:
    names = ("id", "url", "events", "sessions", "description", "enabled", "created_at", "disabled_reason")
    for one in store.endpoints.of_user(user.id):
        yield {name: getattr(one, name) for name in names}


def _deliveries(store: Store, user: User) -> Lines:
    names = ("id", "endpoint_id", "event", "session", "status", "created_at", "attempts")
    for endpoint in store.endpoints.of_user(user.id):
        for one in _paged(partial(store.hook_deliveries.page, endpoint.id)):
            yield {name: getattr(one, name) for name in names}


def _events(store: Store, user: User) -> Lines:
    after = ""
    while found := store.event_log.between(user.id, BEGINNING, now(), _PAGE, after):
        yield from ({name: value for name, value in one.items() if name != "cursor"} for one in shapes(found))
        after = found[-1].id


def _audit(store: Store, user: User) -> Lines:
    """Their own deeds, and what was done to them; others are not named."""
    log = AuditLog(store)
    names = ("id", "at", "action", "target", "detail", "address")
    for one in chain.from_iterable(log.everything(AuditFilter(actor=user.id))):
        yield {"by": "you", **{name: one[name] for name in names}}
    for one in chain.from_iterable(log.everything(AuditFilter(target=user.id))):
        if one["actor"]["id"] != user.id:
            yield {"by": "an administrator", **{name: one[name] for name in names if name != "address"}}


PARTS = [
    Part("account.jsonl", "who you are here", ("users",), _account),
    Part("messages_sent.jsonl", "what you sent, newest first, with every step", ("messages",), _messages("out")),
    Part("messages_received.jsonl", "what came in, newest first", ("messages",), _messages("in")),
    Part(
        "chats.jsonl", "with whom you have written", ("chats",),
        lambda store, user: map(present.chat, _paged(partial(store.chats.page, user.id))),
    ),
    Part(
        "whatsapp_sessions.jsonl", "your WhatsApp sessions as they are now", ("sessions",),
        lambda store, user: ({**present.session(one), "pairing_code": None} for one in store.sessions.of_user(user.id)),
    ),
    Part(
        "api_keys.jsonl", "your API keys, without the keys themselves", ("api_keys",),
        lambda store, user: (present.api_key(one) for one in store.keys.of_user(user.id)),
    ),
    Part("webhooks.jsonl", "your webhooks, without their secrets and headers", ("webhooks",), _webhooks),
    Part("webhook_deliveries.jsonl", "what was sent to them, newest first, with every attempt", ("hook_deliveries",), _deliveries),
    Part(
        "logins.jsonl", "where you are logged in", ("logins",),
        lambda store, user: (present.login(one) for one in store.logins.of_user(user.id, now())),
    ),
    Part("events.jsonl", "what was told to those who listen for you, oldest first", ("events",), _events),
    Part("audit.jsonl", "what the audit log says of you: your deeds, and what administrators did to your account", ("audit",), _audit),
    Part(
        "figures.jsonl", "what was counted for you, by day", ("counters",),
        lambda store, user: iter(store.counters.of_owner(user.id)),
    ),
    Part(
        "virtual_phones.jsonl", "your phones in the sandbox", ("sandbox_phones",),
        lambda store, user: ({"number": one} for one in store.phones.of_user(user.id)),
    ),
]  # fmt: skip
"""In the order of the archive. Whoever adds a collection with a user's data adds its part."""

NOT_EXPORTED = {
    "hearers": "whether events are told to you",
    "wanted_media": "files that are still to be fetched",
    "inbox_marks": "how far your inbox was read",
    "mails": "mails on their way out, seconds old",
    "idempotency_keys": "stand with the messages they belong to",
    "pacing": "when a session may send next",
    "pacing_contacts": "the numbers stand in the messages",
    "lanes": "whose turn it is to send",
    "engine_logins": "keys of a login at WhatsApp: whoever has them is that device",
}
"""Collection of a user's data → why it has no part."""


@dataclass
class Exports:
    """One at a time for each user and web process."""

    store: Store
    media: MediaFiles
    _running: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of_user(self, user: User) -> Export:
        """Raises Conflict `export_running`."""
        with self._lock:
            if user.id in self._running:
                raise Conflict("Your export is already being written: wait until it is done.", code="export_running")
            self._running.add(user.id)
        return Export(zipped(_files(self.store, self.media, user), now()), lambda: self._running.discard(user.id))


class Export:
    """The archive in chunks. Whoever takes it closes it, read to its end or not."""

    def __init__(self, chunks: Iterator[bytes], done: Callable[[], None]) -> None:
        self._chunks = chunks
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self._done()


def file_name(user: User) -> str:
    return f"wabot-{user.id}-{now():%Y-%m-%d}.zip"


def _files(store: Store, media: MediaFiles, user: User) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "README.txt", [_readme(user).encode()]
    for part in PARTS:
        yield part.name, map(_line, part.lines(store, user))
    for sha256, pieces in media.of_user(user.id):
        yield f"media/{sha256}", pieces


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    """For what JSON has no form for: times."""
    return to_rfc3339(value) if isinstance(value, datetime) else str(value)


def _readme(user: User) -> str:
    listed = "\n".join(f"{part.name:28} {part.text}" for part in PARTS)
    return (
        f"Everything that wabot keeps of {user.email}, written on {to_rfc3339(now())}.\n\n{listed}\n\n"
        "In media/ are the files that came in, each named by the SHA-256 that its message carries.\n"
        "Each line of a .jsonl file is one JSON object; the fields are those of the HTTP API. Times are UTC.\n"
        "Passwords, keys, tokens, pairing codes and the secret of the second factor are not in it.\n"
    )
