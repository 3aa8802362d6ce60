"""What WhatsApp Web's versions allow, read off the sessions that run them: an engine names what it misses in `last_error`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

CHANGED = "whatsapp_changed"
_NAMED_AFTER = "not possible with this version: "
"""How the gateway begins a `last_error` that lists abilities (node_wa/keeper.js)."""

_WORDS = {
    "send": "sending",
    "acks": "delivery and read ticks",
    "incoming": "incoming messages",
    "number_check": "checking whether a number is on WhatsApp",
    "lid_map": "finding the number behind a hidden id",
    "logout": "logging out",
    "qr": "linking with a QR code",
    "pairing_code": "linking with a code",
    "find": "looking up whether a message went out",
}
_NAMELESS = "something this version of wabot needs"


def missing(session: Any) -> list[str]:
    """What the session can't do, in words; `session` has `reason` (a code) and `last_error`. Empty when it can do everything."""
    if session.reason != CHANGED:
        return []
    _, named, abilities = (session.last_error or "").partition(_NAMED_AFTER)
    return [_WORDS.get(one.strip(), one.strip()) for one in abilities.split(",")] if named else [_NAMELESS]


@dataclass
class Version:
    """One version of WhatsApp Web: how many sessions run it, and what one or another of them can't do with it."""

    name: str
    sessions: int = 0
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Shown:
    reason: str | None
    last_error: str | None


def by_version(sessions: Iterable[dict[str, Any]]) -> list[Version]:
    """`sessions` as `services().figures.sessions()` gives them; the newest version first, those that never said theirs left out."""
    found: dict[str, Version] = {}
    for one in sessions:
        if one["web_version"]:
            version = found.setdefault(one["web_version"], Version(one["web_version"]))
            version.sessions += 1
            lacks = missing(_Shown((one["reason"] or {}).get("code"), one["last_error"]))
            version.missing += [what for what in lacks if what not in version.missing]
    return sorted(found.values(), key=lambda version: _parts(version.name), reverse=True)


def _parts(version: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in version.split(".")]
