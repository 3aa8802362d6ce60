"""Who is an administrator, and that the last one stays: also when two demote each other at the same moment, and whatever
process is killed or stands still between any two steps.

The truth is the user's record (`role`, `disabled`, `invited`); but two records can't be changed together. So there is a register
beside it, one document, which says less than the truth or just as much, never more:

- Whoever becomes an administrator is announced in the register, then made one with a new mark in their record, then made sure in
  the register, if the announcement with that mark still stands.
- Whoever ceases to be one is struck from the register first, which is refused when nobody else in it is sure; then the record is
  changed, if it still carries the mark that was seen before.

Every change of these fields gives the record a new mark, so one that was decided on an older record finds itself void and is
decided anew. A kill in between leaves an administrator who isn't in the register: the next who needs somebody sure adds them,
but not those struck a moment ago, whose records are about to be changed: else two could keep each other from ever getting done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ..errors import Conflict, NotFound
from ..lib.clock import now
from ..lib.crash_points import crash_point
from ..store import Store
from ..store.administrators import Entry
from ..store.ids import new_id
from ..store.records import User

_TRIES = 20
_STRIKING = timedelta(seconds=5)
"""What follows takes milliseconds; whoever takes longer was killed, or will find its order void."""
Changes = dict[str, Any]


@dataclass(frozen=True)
class Administrators:
    store: Store

    def change(self, user_id: str, changes: Changes) -> User:
        """Set `role`, `disabled` or `invited` of a user, and whatever belongs to it; the record as it is now.

        Raises NotFound, Conflict `last_admin`, and Conflict `changed_meanwhile` when others keep changing the same user.
        """
        for _ in range(_TRIES):
            user = self.store.users.get(user_id)
            if user is None:
                raise NotFound("There is no such user.")
            if self._changed(user, changes):
                return replace(user, **changes)
        raise _disturbed()

    def _changed(self, user: User, changes: Changes) -> bool:
        after = replace(user, **changes)
        if after == user:
            return True
        if is_active_admin(after):
            return self._appoint(user, changes)
        if is_active_admin(user):
            self._strike(user)
            crash_point("administrators.after-strike")
        return self._write(user, changes, new_id())

    def _appoint(self, user: User, changes: Changes) -> bool:
        mark = new_id()
        self._edit(lambda entries: {**entries, user.id: Entry(mark, sure=False)})
        crash_point("administrators.after-announcement")
        if not self._write(user, changes, mark):
            return False
        crash_point("administrators.after-appointment")
        self._edit(lambda entries: {**entries, user.id: Entry(mark, sure=True)} if _stands(entries, user.id, mark) else entries)
        return True

    def _strike(self, user: User) -> None:
        """Raises Conflict `last_admin`."""
        for _ in range(_TRIES):
            if self._others(user.id) or not self._register_missing(user.id):
                break

        def without(entries: dict[str, Entry]) -> dict[str, Entry]:
            if not any(entry.sure for other, entry in entries.items() if other != user.id):
                raise Conflict("This is the last administrator: make somebody else one first.", code="last_admin")
            return {**entries, user.id: Entry(user.admin_mark or "", sure=False, struck_at=now())}

        self._edit(without)

    def _others(self, user_id: str) -> bool:
        entries = self.store.administrators.read().entries
        return any(entry.sure for other, entry in entries.items() if other != user_id)

    def _register_missing(self, user_id: str) -> bool:
        """Those made by a command or at the first start, and those whose registration was cut short; False when there are none."""
        entries = self.store.administrators.read().entries
        missing = [
            one
            for one in self.store.users.administrators()
            if one.id != user_id and is_active_admin(one) and not _taken_care_of(entries.get(one.id))
        ]
        for one in missing:
            self._appoint(one, {})
        return bool(missing)

    def _write(self, user: User, changes: Changes, mark: str) -> bool:
        return self.store.users.change_marked(user.id, user.admin_mark, {**changes, "admin_mark": mark})

    def _edit(self, change: Callable[[dict[str, Entry]], dict[str, Entry]]) -> None:
        for _ in range(_TRIES):
            seen = self.store.administrators.read()
            kept = {user_id: entry for user_id, entry in seen.entries.items() if entry.struck_at is None or _just_struck(entry)}
            if self.store.administrators.replace(seen, change(kept)):
                return
        raise _disturbed()


def is_active_admin(user: User) -> bool:
    """One who can log in and act."""
    return user.is_admin and not user.disabled and not user.invited


def _taken_care_of(entry: Entry | None) -> bool:
    return entry is not None and (entry.sure or _just_struck(entry))


def _just_struck(entry: Entry | None) -> bool:
    return entry is not None and entry.struck_at is not None and now() - entry.struck_at < _STRIKING


def _stands(entries: dict[str, Entry], user_id: str, mark: str) -> bool:
    """Whether the user's announcement with that mark still stands, and wasn't struck since."""
    entry = entries.get(user_id)
    return entry is not None and entry.mark == mark and entry.struck_at is None


def _disturbed() -> Conflict:
    return Conflict("Somebody else is changing administrators at this moment: try again.", code="changed_meanwhile")
