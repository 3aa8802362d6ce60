"""The timeline of a message for people: every step with its words, its waits and its tries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..lib.clock import to_rfc3339
from ..store.records import Message
from .reasons import PASSED, WAITED

Entry = dict[str, Any]

_WORTH_SAYING = timedelta(seconds=1)
"""A shorter wait explains nothing to anybody."""


def for_api(message: Message) -> list[Entry]:
    """[{status, at, detail?}], oldest first."""
    return [_plain(entry, before) for entry, before in _with_before(message.timeline)]


def for_page(message: Message) -> list[Entry]:
    """[{status, at, attempt, text, waits: [{text, since, until, seconds}]}]; `attempt` numbers the hand-overs when there are several."""
    tries = sum(one["status"] == "sending" for one in message.timeline)
    shown: list[Entry] = []
    attempt = 0
    for entry, before in _with_before(message.timeline):
        attempt += entry["status"] == "sending"
        shown.append(
            {
                "status": entry["status"],
                "at": to_rfc3339(entry["at"]),
                "attempt": attempt if tries > 1 and entry["status"] == "sending" else None,
                "text": _sentence(entry.get("detail")),
                "waits": [_shown(wait) for wait in _waits(entry, before)],
            }
        )
    return shown


def _with_before(timeline: list[Entry]) -> list[tuple[Entry, Entry | None]]:
    return list(zip(timeline, [None, *timeline], strict=False))


def _plain(entry: Entry, before: Entry | None) -> Entry:
    waited = ", ".join(f"{_seconds(one):.1f} s {one['code']}" for one in _waits(entry, before))
    detail = entry.get("detail") or (f"waited {waited}" if waited else None)
    return {"status": entry["status"], "at": to_rfc3339(entry["at"]), **({"detail": detail} if detail else {})}


def _waits(entry: Entry, before: Entry | None) -> list[Entry]:
    """What it waited for since the step before: what its lane noted, and what is left is its turn."""
    if before is None:
        return []
    if before["status"] == "scheduled" and entry["status"] == "queued":
        return [{"code": "scheduled", "since": before["at"], "until": entry["at"]}]
    if before["status"] != "queued" or entry["status"] != "sending":
        return []
    noted = [_clipped(one, before["at"]) for one in entry.get("waits", ())]
    waits = [one for one in noted if one["until"] - one["since"] >= _WORTH_SAYING]
    last = max((one["until"] for one in waits), default=before["at"])
    if entry["at"] - last >= _WORTH_SAYING:
        waits.append({"code": "queue", "since": last, "until": entry["at"]})
    return waits


def _clipped(wait: Entry, start: datetime) -> Entry:
    return {**wait, "since": max(wait["since"], start)}


def _seconds(wait: Entry) -> float:
    return float((wait["until"] - wait["since"]).total_seconds())


def _shown(wait: Entry) -> Entry:
    return {
        "text": WAITED.get(wait["code"], wait["code"]),
        "since": to_rfc3339(wait["since"]),
        "until": to_rfc3339(wait["until"]),
        "seconds": _seconds(wait),
    }


def _sentence(detail: str | None) -> str | None:
    return PASSED.get(detail, detail) if detail else None
