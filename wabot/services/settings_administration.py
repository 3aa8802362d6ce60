"""Changing the settings: checked, written down with what changes, then done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Conflict
from .audit import Audited, AuditLog
from .preferences import Preferences, Values


@dataclass(frozen=True)
class SettingsAdministration:
    preferences: Preferences
    audit: AuditLog

    def change(self, values: dict[str, Any], by: Audited, *, seen: str | None = None) -> Values:
        """`values` as `preferences.current()` gives them, what is left out stays; `seen` is the version they were made from, where
        that is known.

        Raises Invalid naming the fields, Conflict `settings_changed` when somebody changed them meanwhile.
        """
        checked = self.preferences.check(self.preferences.filled(values))
        before = self.preferences.current()
        if seen is not None and seen != version(before):
            raise Conflict(
                "Somebody changed the settings while you did. Compare with the values in force, and save again to overwrite them.",
                code="settings_changed",
            )
        changes = list(_changes(before.model_dump(), checked.model_dump()))
        if changes:
            self.audit.note(by, "settings.change", target="settings", detail="; ".join(changes))
            self.preferences.put(checked)
        return checked


def version(values: Values) -> str:
    """A short digest of them: another one for other settings."""
    return hashlib.sha256(json.dumps(values.model_dump(), sort_keys=True).encode()).hexdigest()[:16]


def _changes(before: dict[str, Any], after: dict[str, Any], within: str = "") -> Iterator[str]:
    for name, value in after.items():
        if isinstance(value, dict):
            yield from _changes(before[name], value, f"{within}{name}.")
        elif value != before[name]:
            yield f"{within}{name}: {_word(before[name])} → {_word(value)}"


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
