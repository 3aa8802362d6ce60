"""An administrator sees the pages as a user sees them: read-only, for half an hour at most, and both can see afterwards that it was.

A view hangs on the administrator's login in the store, not on a cookie: it ends with the login, with the role, or when it is
stopped, and no copy of a cookie brings it back. Its end is written down under an id that is noted with the view first, so it is
there once, whoever notices it and whatever dies in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..errors import Conflict, NotFound
from ..lib.clock import now
from ..store import Store
from ..store.ids import new_id
from ..store.records import User, View
from .administrators import is_active_admin
from .audit import Audited, AuditLog

LASTS = timedelta(minutes=30)
TOLD_FOR = timedelta(days=30)
"""How long a user is shown who looked."""


@dataclass(frozen=True)
class ViewAs:
    store: Store
    audit: AuditLog

    def start(self, by: Audited, login_id: str, user_id: str) -> View:
        """Raises NotFound, Conflict `not_viewable` for administrators."""
        user = self.store.users.get(user_id)
        if user is None:
            raise NotFound("There is no such user.")
        if user.is_admin:
            raise Conflict("You can't view as an administrator.", code="not_viewable")
        self.stop(login_id, "another one began")
        view = View(login_id, by.actor.id, user.id, now() + LASTS, by.address)
        self.audit.note(by, "view_as.start", target=user.id, detail=f"until {view.until:%H:%M} UTC at the latest")
        self.store.views.begin(view)
        return view

    def current(self, admin: User, login_id: str) -> tuple[View, User] | None:
        """Whom this login looks as; None when it doesn't, or doesn't any more."""
        view = self.store.views.get(login_id)
        if view is None:
            return None
        user = self.store.users.get(view.user_id)
        why = "half an hour is over" if view.until <= now() else None if is_active_admin(admin) else "no administrator any more"
        if why or user is None or user.is_admin:
            self._end(view, why or "the account has changed")
            return None
        return view, user

    def stop(self, login_id: str, why: str = "stopped") -> None:
        view = self.store.views.get(login_id)
        if view:
            self._end(view, why)

    def sweep(self) -> None:
        """For the worker: those that nobody will ask for any more get their end written down, too."""
        for view in self.store.views.all():
            admin = self.store.users.get(view.admin_id)
            if view.until <= now():
                self._end(view, "half an hour is over")
            elif admin is None or not is_active_admin(admin):
                self._end(view, "no administrator any more")
            elif not self.store.logins.standing([view.id], now()):
                self._end(view, "logged out")

    def _end(self, view: View, why: str) -> None:
        end_id = self.store.views.name_end(view, new_id())
        if end_id is None:
            return
        self.audit.note_once(end_id, view.admin_id, view.address, "view_as.end", target=view.user_id, detail=why)
        self.store.views.end(view)
