"""The audit log: who did what to whom, when and from where. An entry is written before the action, and no code changes or removes one.

It keeps ids, no addresses: names are looked up when the log is shown. Of a deleted account it therefore keeps the id, the
times, and the network addresses its owner acted from; `detail` never holds personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ..errors import WabotError
from ..lib.clock import now, to_rfc3339
from ..store import Store
from ..store.audit import AuditFilter
from ..store.records import AuditEntry, Page, User
from ..store.windows import every_page
from ..words import N_

ACTIONS: dict[str, str] = {
    "admin.login": N_("Logged in as an administrator"),
    "user.create": N_("Created an account"),
    "user.invite": N_("Invited somebody"),
    "user.send_link": N_("Sent a link to choose a password"),
    "user.role": N_("Changed a role"),
    "user.disable": N_("Disabled an account"),
    "user.enable": N_("Enabled an account"),
    "user.limits": N_("Changed somebody's limits"),
    "user.end_logins": N_("Ended somebody's logins"),
    "user.second_factor_remove": N_("Removed a second factor"),
    "user.delete": N_("Deleted an account"),
    "account.delete": N_("Deleted their own account"),
    "password.change": N_("Changed their password"),
    "password.reset": N_("Chose a password with the link in a mail"),
    "email.change": N_("Changed their address"),
    "second_factor.on": N_("Turned on their second factor"),
    "second_factor.off": N_("Turned off their second factor"),
    "second_factor.codes": N_("Made new recovery codes"),
    "key.create": N_("Created an API key"),
    "key.revoke": N_("Revoked an API key"),
    "key.restore": N_("Restored a revoked API key"),
    "session.restart": N_("Restarted a session"),
    "session.disconnect": N_("Disconnected a session"),
    "settings.change": N_("Changed the settings"),
    "view_as.start": N_("Started viewing as somebody"),
    "view_as.end": N_("Stopped viewing as somebody"),
    "audit.export": N_("Exported the audit log"),
}
"""In words for people; an action that isn't here is shown as it is written."""
_READ_AT_ONCE = 500

Shape = dict[str, Any]


@dataclass(frozen=True)
class Audited:
    """Who acts, and from where."""

    actor: User
    address: str


@dataclass(frozen=True)
class AuditLog:
    store: Store

    def note(self, by: Audited, action: str, *, target: str, detail: str = "") -> None:
        """`action` such as `session.restart`; `target` is the id of what it is done to, `detail` says more for people."""
        self._add(by.actor.id, by.address, action, target, detail)

    @contextmanager
    def noted(self, by: Audited, action: str, *, target: str, detail: str = "") -> Iterator[None]:
        """Around an action that may be refused: it is noted before, and its refusal, if there is one, after."""
        self.note(by, action, target=target, detail=detail)
        try:
            yield
        except WabotError as error:
            self.note(by, action, target=target, detail=f"refused: {error.code}")
            raise

    def note_once(self, entry_id: str, actor_id: str, address: str, action: str, *, target: str, detail: str = "") -> None:
        """As `note`, under an id that was chosen beforehand: harmless to repeat."""
        self._add(actor_id, address, action, target, detail, id=entry_id)

    def page(self, asked: AuditFilter, *, limit: int, cursor: str | None) -> Page:
        return self.store.audit.page(asked, limit=limit, cursor=cursor)

    def about(self, target: str, limit: int) -> list[Shape]:
        """The newest entries on this target, as `shown` gives them."""
        return self.shown(self.page(AuditFilter(target=target), limit=limit, cursor=None).items)

    def views_of(self, user_id: str, since: datetime) -> list[Shape]:
        """When administrators viewed as this user, newest first, as `shown` gives them."""
        return self.shown(self.store.audit.of_action(user_id, "view_as.start", since))

    def everything(self, asked: AuditFilter) -> Iterator[list[Shape]]:
        """All that matches, in chunks, so that nobody else waits for long; for an export."""
        for page in every_page(partial(self.page, asked), limit=_READ_AT_ONCE):
            if page.items:
                yield self.shown(page.items)

    def shown(self, entries: Iterable[AuditEntry]) -> list[Shape]:
        """With the present addresses of those who still have an account."""
        entries = list(entries)
        emails = self.store.users.emails({one.actor_id for one in entries} | {one.target for one in entries})
        return [_shape(one, emails) for one in entries]

    def _add(self, actor_id: str, address: str, action: str, target: str, detail: str, **more: str) -> None:
        self.store.audit.add(
            {
                "at": now(),
                "actor_id": actor_id,
                "action": action,
                "target": target,
                "detail": detail[:500],
                "address": address,
                **more,
            }
        )


def _shape(entry: AuditEntry, emails: dict[str, str]) -> Shape:
    return {
        "id": entry.id,
        "at": to_rfc3339(entry.at),
        "actor": {"id": entry.actor_id, "email": emails.get(entry.actor_id)},
        "action": entry.action,
        "target": entry.target,
        "target_email": emails.get(entry.target),
        "detail": entry.detail,
        "address": entry.address,
    }
