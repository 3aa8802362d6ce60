"""The audit log: what administrators do to other people's things is written down before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from ..lib.clock import now
from ..store import Store
from ..store.records import Page, User


@dataclass(frozen=True)
class Audited:
    """Who acts, and from where."""

    actor: User
    address: str


@dataclass(frozen=True)
class AuditLog:
    store: Store

    def note(self, by: Audited, action: str, *, target: str, detail: str = "") -> None:
        """`action` such as `session.restart`; `target` is the id of what it is done to, `detail` says it for people."""
        self.store.audit.add(
            {
                "at": now(),
                "actor_id": by.actor.id,
                "actor_email": by.actor.email,
                "action": action,
                "target": target,
                "detail": detail[:500],
                "address": by.address,
            }
        )

    def page(self, *, limit: int, cursor: str | None) -> Page:
        return self.store.audit.page(limit=limit, cursor=cursor)
