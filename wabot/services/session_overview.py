"""Every session of the installation, with its owner, for administrators and for the figures."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..lib.fresh import Fresh
from ..store import Store
from ..store.records import Session
from . import present

SHOWN_AT_MOST = 5_000
"""The newest; a wabot with more browsers than that is more than one machine."""
_READ_AT_ONCE = 500
_FRESH_SECONDS = 1.0

Shape = dict[str, Any]


class SessionOverview:
    """Read in chunks, so that nobody else waits for long, and at most once a second, however many administrators look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._everything = Fresh(_FRESH_SECONDS, self._read)

    def everything(self) -> list[Shape]:
        """The newest `SHOWN_AT_MOST`, newest first, as /api/admin/sessions shows them."""
        return self._everything.get()

    def is_cut(self) -> bool:
        return len(self.everything()) >= SHOWN_AT_MOST

    def by_status(self) -> dict[str, int]:
        return dict(Counter(one["status"] for one in self.everything()))

    def of_user(self, user_id: str) -> list[Shape]:
        return self._with_owners(self._store.sessions.of_user(user_id))

    def page(self, *, limit: int, cursor: str | None) -> tuple[list[Shape], str | None]:
        page = self._store.sessions.page(limit=limit, cursor=cursor)
        return self._with_owners(page.items), page.next_cursor

    def forget(self) -> None:
        """After something was done to one of them: what is shown next is as it is now."""
        self._everything.forget()

    def _read(self) -> list[Shape]:
        found: list[Shape] = []
        cursor: str | None = None
        while len(found) < SHOWN_AT_MOST:
            items, cursor = self.page(limit=_READ_AT_ONCE, cursor=cursor)
            found += items
            if cursor is None:
                break
        return found

    def _with_owners(self, sessions: list[Session]) -> list[Shape]:
        emails = self._store.users.emails([one.user_id for one in sessions])
        return [_shape(one, emails.get(one.user_id, "deleted")) for one in sessions]


def _shape(session: Session, email: str) -> Shape:
    return {
        "id": session.id,
        "user": {"id": session.user_id, "email": email},
        **present.session(session),
        "memory_mb": session.memory_mb,
        "restarts": session.restarts,
        "last_error": session.last_error,
        "web_version": session.web_version,
        "missing": session.missing,
    }
