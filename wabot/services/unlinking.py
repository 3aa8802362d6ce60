"""The mail to the owner of a session that the phone, or WhatsApp, has unlinked: nothing goes out until they link it again.

It is queued before the session is stored as ended, under an id that is the same whoever observes it: killed in between, it is observed
again, and at worst the mail goes out twice. Where the owner has ordered something meanwhile, it is no news to them, and isn't sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..lib.clock import now
from ..store.ids import derived
from ..store.records import Session
from .reasons import SESSION_REASONS
from .session_machine import LINK_ENDED

KIND = "session_unlinked"


def is_owed(session: Session, changes: Mapping[str, Any]) -> bool:
    """For what was observed of that session."""
    return session.linked and changes.get("reason") in LINK_ENDED


def mail_of(session: Session, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What `Mails.notify` takes."""
    values = {
        "session_id": session.id,
        "epoch": str(session.epoch),
        "session": session.name,
        "number": session.phone or "",
        "network": session.network,
        "why": SESSION_REASONS[changes["reason"]],
    }
    return {
        "kind": KIND,
        "user_id": session.user_id,
        "values": values,
        "mail_id": derived(changes["since"] or now(), 0, session.id, str(session.epoch)),
    }


def is_news(session: Session | None, values: Mapping[str, str]) -> bool:
    """Whether the session is still there, and nothing was ordered since."""
    return session is not None and str(session.epoch) == values["epoch"]
