"""Which versions of WhatsApp Web the sessions run, and what can't be done with each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..services.reasons import lacking
from ..words import N_

CHANGED = "whatsapp_changed"
_NEVER_READY = N_("sessions don't get ready with it")


@dataclass
class Version:
    """`missing`: the abilities one or another of its sessions lacks. `unusable`: one of them never got ready with it."""

    name: str
    sessions: int = 0
    missing: list[str] = field(default_factory=list)
    unusable: bool = False

    @property
    def words(self) -> str:
        """What can't be done with it; empty when everything can."""
        return lacking(self.missing) if self.missing else _NEVER_READY if self.unusable else ""


def by_version(sessions: Iterable[dict[str, Any]]) -> list[Version]:
    """`sessions` as `services().session_overview.everything()` gives them; the newest version first, without those that never said theirs."""
    found: dict[str, Version] = {}
    for one in sessions:
        if one["web_version"]:
            _count(found.setdefault(one["web_version"], Version(one["web_version"])), one)
    return sorted(found.values(), key=lambda version: _parts(version.name), reverse=True)


def _count(version: Version, session: dict[str, Any]) -> None:
    version.sessions += 1
    version.missing += [ability for ability in session["missing"] if ability not in version.missing]
    version.unusable |= session["status"] == "failed" and (session["reason"] or {}).get("code") == CHANGED


def _parts(version: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in version.split(".")]
