"""What the store gives out: plain typed records. Times are aware UTC datetimes, ids are strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

R = TypeVar("R")


def record_of(kind: type[R], document: Mapping[str, Any]) -> R:
    """Build a record from a document: `_id` becomes `id`, what the record doesn't know is left out."""
    known = kind.__dataclass_fields__  # type: ignore[attr-defined]  # every record is a dataclass
    values = {name: value for name, value in document.items() if name in known}
    values["id"] = str(document["_id"])
    return kind(**values)


def fields_of(record: object) -> dict[str, Any]:
    """What a document of this record holds besides its `_id`."""
    return {name: value for name, value in vars(record).items() if name != "id"}


@dataclass(frozen=True)
class User:
    id: str
    email: str
    name: str
    role: str
    password_hash: str
    created_at: datetime
    token_version: int = 0
    """Rises with each end of all logins; a new document has none yet, and `$inc` begins at 0."""
    disabled: bool = False
    must_change_password: bool = False
    erasing_at: datetime | None = None
    email_confirmed: bool = True
    email_changes: int = 0
    """So that the same address is not taken for the same state when it comes back."""
    invited: bool = False
    """Made by an administrator, and its owner has not chosen a password yet."""
    limits: dict[str, int] | None = None
    totp_secret: str | None = None
    """Encrypted; None without a second factor."""
    recovery_codes: list[str] = field(default_factory=list)
    """Digests of those that are left."""
    factor_since: datetime | None = None
    language: str | None = None
    """A tag, `pt-BR`; None: as the browser asks."""
    zone: str | None = None
    heard_language: str | None = None
    """Of the pages they last logged in with."""
    admin_mark: str | None = None
    """Changes with every change of what makes an administrator (services/administrators.py)."""

    @property
    def has_second_factor(self) -> bool:
        return self.totp_secret is not None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


@dataclass(frozen=True)
class Login:
    """A browser's cookie or an API token (`kind`); it is good as long as this record stands."""

    id: str
    user_id: str
    kind: str
    created_at: datetime
    expires_at: datetime
    user_agent: str = ""
    address: str = ""
    last_seen_at: datetime | None = None


@dataclass(frozen=True)
class ApiKey:
    id: str
    user_id: str
    name: str
    prefix: str
    key_hash: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True)
class Session:
    """A WhatsApp session as last observed. `desired` is what its owner wants: on, off, or logout (still to be done).
    `missing` are abilities that the version of WhatsApp Web in use takes away.

    `epoch` rises with every order to start or end; observations with a lower one are of an earlier life. `owner` and
    `lease_until` say which gateway holds it.
    """

    id: str
    user_id: str
    name: str
    engine: str
    network: str
    created_at: datetime
    status: str = "disconnected"
    reason: str | None = None
    since: datetime | None = None
    observed_at: datetime | None = None
    phone: str | None = None
    push_name: str | None = None
    qr: str | None = None
    qr_expires_at: datetime | None = None
    pairing_code: str | None = None
    method: str = "qr"
    pairing_phone: str | None = None
    desired: str = "off"
    linked: bool = False
    epoch: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    web_version: str | None = None
    memory_mb: float | None = None
    restarts: int = 0
    last_error: str | None = None
    missing: list[str] = field(default_factory=list)
    switch_to: str | None = None
    """The engine that takes over once the login of the one before is gone."""
    switching: bool = False
    """The engine was changed and is not linked yet: messages are taken in and wait."""
    switched_from: str | None = None
    """The number it was linked with then, and for which they are taken in, until one is known again."""
    untold: str | None = None
    telling: list[dict[str, Any]] = field(default_factory=list)
    """Events that have not been told yet (services/hearing.py): {id, type, at, data}."""


@dataclass(frozen=True)
class Message:
    """A message in or out. `timeline` holds every transition: {status, at, detail?, waits?}, oldest first.

    `claim` is the epoch of the lane that handed it over last: only its holder may say what became of that.

    What WhatsApp told us of (`direction` in, or `origin` phone: written there by the account's owner) has a `peer`, the other
    side's number or else LID, and the `event_id` that told of it first. `media` is {status: pending | stored | failed,
    mimetype, filename, size, sha256?, error?}, `quoted` {wa_message_id, body, kind, from_me}.
    """

    id: str
    user_id: str
    session_id: str
    session: str
    direction: str
    to: str | None
    from_: str | None
    message: str
    status: str
    created_at: datetime
    updated_at: datetime
    network: str = "live"
    error: dict[str, str] | None = None
    wa_message_id: str | None = None
    idempotency_key: str | None = None
    correlation_id: str = ""
    attempts: int = 0
    claim: int = 0
    push_name: str | None = None
    chat_lid: str | None = None
    kind: str = "text"
    origin: str = "wabot"
    peer: str | None = None
    media: dict[str, Any] | None = None
    quoted: dict[str, Any] | None = None
    recovered: bool = False
    event_id: str | None = None
    send_at: datetime | None = None
    timeline: list[dict[str, Any]] = field(default_factory=list)
    untold: str | None = None
    """Set by a change whose events have not been told yet (services/hearing.py)."""
    heard_at: datetime | None = None
    """When it was stored, for one that was marked from the beginning: what it tells of may be long past."""
    told: int = 0
    """How many entries of the timeline have been."""


def message_of(document: Mapping[str, Any]) -> Message:
    return record_of(Message, {**document, "from_": document.get("from")})


@dataclass(frozen=True)
class Chat:
    """One conversation of one session. `phone` and `lid` are two addresses of one person; one of them may be unknown.

    `last_id` is its newest message, `counted` the WhatsApp ids that were counted last. Every change raises `rev`. A chat that
    turned out to be another's is gone `into` it; `taken` says what a chat took over from which: {id, unread}.
    """

    id: str
    user_id: str
    session_id: str
    session: str
    network: str
    phone: str | None = None
    lid: str | None = None
    name: str | None = None
    last_id: str | None = None
    unread: int = 0
    counted: list[str] = field(default_factory=list)
    rev: int = 0
    into: str | None = None
    taken: dict[str, Any] | None = None


@dataclass(frozen=True)
class WantedMedia:
    """A file still to be fetched from WhatsApp; same id as its message."""

    id: str
    user_id: str
    session_id: str
    not_before: datetime
    tries: int = 0


@dataclass(frozen=True)
class LaneRecord:
    """The queue of a session: who serves it until when, and since when and why it rests."""

    id: str
    user_id: str
    epoch: int
    owner: str | None = None
    lease_until: datetime | None = None
    rest_until: datetime | None = None
    rest_why: str = ""
    failures: int = 0


@dataclass(frozen=True)
class PacingRecord:
    """When a session may send next, and how much it has sent on `day` (`20260131`), the last of it `message`."""

    id: str
    next_at: datetime
    day: str
    count: int
    message: str = ""


@dataclass(frozen=True)
class QueuedMail:
    """A mail that still has to go out, as plain values: text and links are made when it is sent. `due_at` doubles as the lease's
    end. Where only the address is known, `user_id` is empty."""

    id: str
    kind: str
    address: str
    due_at: datetime
    user_id: str = ""
    values: dict[str, str] = field(default_factory=dict)
    attempts: int = 0
    owner: str | None = None


@dataclass(frozen=True)
class AuditEntry:
    id: str
    at: datetime
    actor_id: str
    action: str
    target: str
    detail: str = ""
    address: str = ""


@dataclass(frozen=True)
class View:
    """An administrator's login (`id`) that sees the pages of `user_id`; `end_id` is the audit log's entry about its end."""

    id: str
    admin_id: str
    user_id: str
    until: datetime
    address: str
    end_id: str | None = None


@dataclass(frozen=True)
class Page:
    """One page of a list, newest first; `next_cursor` is None on the last."""

    items: list[Any]
    next_cursor: str | None
