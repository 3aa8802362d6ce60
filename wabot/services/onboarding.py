"""The way from an account to the first message, and after it the one thing to do next."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from ..errors import Conflict
from ..lib import phones
from ..store import Store
from ..store.messages import MessageFilter
from ..store.records import Session
from .sessions import DEFAULT, Sessions, StartOrder
from .virtual_phones import VirtualPhones

WAY = ("account", "phone", "scan", "send")
"""The steps to the first message; the first is done by whoever is logged in."""
_LINKING = ("starting", "qr", "pairing", "authenticating")
_SANDBOX = "sandbox"
"""Name of the session that test mode starts beside a real `default`."""


@dataclass(frozen=True)
class Onboarding:
    store: Store
    sessions: Sessions
    phones: VirtualPhones

    def next_step(self, user_id: str) -> str | None:
        """One of `WAY` until a first message is sent; then `repair` for a session that needs its owner, `link` when none is
        linked any more, `key` while there is no API key, or None."""
        sessions = self.sessions.of_user(user_id)
        if not self.store.messages.page(user_id, MessageFilter(), limit=1).items:
            return _step_of(sessions)
        if any(one.status == "failed" for one in sessions):
            return "repair"
        if not any(one.linked or one.status == "connected" for one in sessions):
            return "link"
        return None if self.store.keys.of_user(user_id) else "key"

    def start_in_sandbox(self, user_id: str, phone_name: str, correlation_id: str) -> Session:
        """A virtual phone, if there is none yet, and a session that shows it a code. Raises what `initialize` raises."""
        if not self.phones.of_user(user_id):
            self.take_phone(user_id, phone_name)
        default = self.sessions.status(user_id, DEFAULT)
        free = default.network == "sandbox" or (default.status == "disconnected" and not default.linked)
        order = StartOrder(session=DEFAULT if free else _SANDBOX, network="sandbox")
        return self.sessions.initialize(user_id, order, correlation_id)

    def take_phone(self, user_id: str, name: str) -> str:
        """A virtual phone with a number of the sandbox's choice, which is returned. Raises Conflict when others have all that were tried."""
        for number in phones.sandbox_numbers():
            with suppress(Conflict):  # another user has it
                return self.phones.add(user_id, number, name)
        raise Conflict("No free number was found: choose one on the Sandbox page.")


def _step_of(sessions: list[Session]) -> str:
    statuses = {one.status for one in sessions}
    if "connected" in statuses or any(one.linked for one in sessions):
        return "send"
    return "scan" if statuses & set(_LINKING) else "phone"
