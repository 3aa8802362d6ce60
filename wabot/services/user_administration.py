"""What an administrator may do to accounts: all of it written down before it is done, and safe to do again after a kill.

Making accounts and sending links is in `invitations.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import Conflict, Invalid, NotFound
from ..store import Store
from ..store.records import Page, User
from ..words import N_
from .accounts import Accounts
from .administrators import Administrators
from .audit import Audited, AuditLog
from .erasure import Erasure
from .preferences import Preferences
from .sessions import Sessions

NO_PLACE = N_("is not where a page of this list begins")
_NEWEST = re.compile(r"[0-9a-f]{24}\Z", re.ASCII)
_FOUND = re.compile(r"(email|name):")
"""What `next_cursor` looks like in a list by age, and in one by the alphabet."""


@dataclass(frozen=True)
class UserChange:
    """None leaves a thing as it is. `limits` replaces all of the user's own numbers; with {} everybody's hold."""

    role: str | None = None
    disabled: bool | None = None
    limits: dict[str, Any] | None = None


@dataclass(frozen=True)
class UserAdministration:
    store: Store
    accounts: Accounts
    administrators: Administrators
    sessions: Sessions
    preferences: Preferences
    erasure: Erasure
    audit: AuditLog

    def page(self, *, text: str, state: str, limit: int, cursor: str | None) -> Page:
        """Newest first; with `text` those whose address or name begins with it, by the alphabet. Raises Invalid."""
        text = text.strip()[:320]
        if cursor is not None and not (_FOUND if text else _NEWEST).match(cursor):
            raise Invalid.field("cursor", NO_PLACE)
        if text:
            return self.store.users.beginning_with(text, limit=limit, cursor=cursor, state=state)
        return self.store.users.page(limit=limit, cursor=cursor, state=state)

    def one(self, user_id: str) -> User:
        user = self.store.users.get(user_id)
        if user is None:
            raise NotFound("There is no such user.")
        return user

    def change(self, user_id: str, change: UserChange, by: Audited, correlation_id: str) -> User:
        """Raises NotFound, Invalid, Conflict `last_admin`, Conflict `not_yourself`, Conflict `erasing`."""
        user = self.one(user_id)
        if user.erasing_at is not None:
            raise Conflict("This account is deleted, and being erased.", code="erasing")
        if change.disabled and user.id == by.actor.id:
            raise Conflict("You can't disable your own account.", code="not_yourself")
        limits = None if change.limits is None else self.preferences.check_user_limits(change.limits)
        if change.role is not None and change.role != user.role:
            with self.audit.noted(by, "user.role", target=user.id, detail=f"{user.role} → {change.role}"):
                self.administrators.change(user.id, {"role": change.role})
        if change.disabled:
            self._disable(user, by)
        elif change.disabled is False:
            self._enable(user, by, correlation_id)
        if limits is not None:
            self._limit(user, limits, by)
        return self.one(user_id)

    def end_logins(self, user_id: str, by: Audited) -> None:
        user = self.one(user_id)
        self.audit.note(by, "user.end_logins", target=user.id)
        self.accounts.end_logins(user.id)

    def delete(self, user_id: str, by: Audited) -> None:
        """Locked out when this returns, erased by the worker. Raises NotFound, Conflict `last_admin`, Conflict `not_yourself`."""
        user = self.one(user_id)
        if user.id == by.actor.id:
            raise Conflict("Your own account is deleted on your settings page.", code="not_yourself")
        with self.audit.noted(by, "user.delete", target=user.id):
            self.erasure.begin(user.id)

    def settle(self) -> None:
        """For the worker: sessions of users who were disabled by a process that died before it came to them."""
        owners = {session.user_id for session in self.store.sessions.desired("on")}
        for user_id in self.store.users.disabled_among(owners):
            self.sessions.rest(user_id)

    def _limit(self, user: User, limits: dict[str, int], by: Audited) -> None:
        words = ", ".join(f"{name} {number}" for name, number in limits.items())
        self.audit.note(by, "user.limits", target=user.id, detail=words or "as for everybody")
        self.preferences.limit_user(user.id, limits)

    def _disable(self, user: User, by: Audited) -> None:
        """Logins, tokens and keys are dead with the first write; what follows only makes sure, and frees the browsers."""
        if not user.disabled:
            with self.audit.noted(by, "user.disable", target=user.id):
                self.administrators.change(user.id, {"disabled": True})
        self.accounts.end_logins(user.id)
        self.sessions.rest(user.id)

    def _enable(self, user: User, by: Audited, correlation_id: str) -> None:
        if user.disabled:
            self.audit.note(by, "user.enable", target=user.id)
        self.administrators.change(user.id, {"disabled": False})
        self.sessions.wake(user.id, correlation_id)
