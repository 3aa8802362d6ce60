"""The sandbox's virtual phones, each belonging to the user who made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import Conflict, Invalid, NotFound, Unavailable
from ..lib import phones, qr
from ..lib.clock import now
from ..lib.sandbox import Sandbox
from ..store import Store
from ..words import N_
from .sessions import Sessions

_SHORTEST = len("+1234567")
"""The sandbox's rule: seven digits at least."""
TAKEN = N_("is taken by another user: choose another")
_READ = 3
"""WhatsApp's own number for the blue ticks, as the sandbox gives it."""


@dataclass(frozen=True)
class VirtualPhones:
    store: Store
    sandbox: Sandbox
    sessions: Sessions

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """[{number, name}], an empty name for none; empty as well while the sandbox is away."""
        return self.if_there(user_id) or []

    def if_there(self, user_id: str) -> list[dict[str, Any]] | None:
        """As `of_user`, but None while the sandbox is away."""
        try:
            found = [self._if_known(number) for number in self.store.phones.of_user(user_id)]
        except Unavailable:
            return None
        return [one for one in found if one]

    def add(self, user_id: str, number: str, name: str) -> str:
        """The number in E.164. Raises Invalid, or Conflict when the phone is somebody else's."""
        e164 = phones.to_e164(number, "number")
        if len(e164) < _SHORTEST:
            raise phones.invalid("number")
        if not self.store.phones.claim(user_id, e164, now()):
            raise Conflict("This number is taken by another user: choose another.", fields={"number": TAKEN})
        self.sandbox.add_phone(e164, name)
        return e164

    def screen(self, user_id: str, number: str) -> dict[str, Any]:
        """{phone, chats} of an own phone."""
        e164 = self.own(user_id, number)
        chats = [_without_made_up_name(one, one["with"]) for one in self.sandbox.chats(e164)]
        return {"phone": _without_made_up_name(self.sandbox.phone(e164), e164), "chats": chats}

    def scan(self, user_id: str, number: str, session_name: str) -> None:
        """The phone scans what the session shows: the QR's picture, or enters the pairing code. Raises Conflict."""
        e164 = self.own(user_id, number)
        session = self.sessions.status(user_id, session_name)
        if session.network != "sandbox":
            raise Conflict("A virtual phone can only link a sandbox session.", code="wrong_network")
        if session.status == "pairing" and session.pairing_code:
            self.sandbox.enter_code(e164, session.pairing_code)
        else:
            self.sandbox.scan_picture(e164, qr.png(self.sessions.qr(user_id, session_name).qr or ""))

    def unlink(self, user_id: str, number: str) -> None:
        self.sandbox.unlink(self.own(user_id, number))

    def write(self, user_id: str, number: str, to: str, text: str) -> None:
        self.sandbox.write(self.own(user_id, number), phones.to_e164(to), text)

    def read(self, user_id: str, number: str, chat: str | None = None) -> None:
        """Read receipts for what is unread: of the chat with that number, or of all."""
        e164 = self.own(user_id, number)
        if chat is None:
            self.sandbox.read(e164)
            return
        for message_id in self._unread(e164, phones.to_e164(chat, "with")):
            self.sandbox.read(e164, message_id)

    def _unread(self, number: str, other: str) -> list[str]:
        chats = [one for one in self.sandbox.chats(number) if one["with"] == other]
        return [one["id"] for chat in chats for one in chat["messages"] if not one["from_me"] and one["ack"] < _READ]

    def own(self, user_id: str, number: str) -> str:
        """Raises NotFound when the number isn't one of this user's phones."""
        e164 = phones.to_e164(number, "number")
        if not self.store.phones.belongs_to(user_id, e164):
            raise NotFound("You have no virtual phone with this number.")
        return e164

    def _if_known(self, number: str) -> dict[str, Any] | None:
        try:
            return _without_made_up_name(self.sandbox.phone(number), number)
        except (NotFound, Invalid):  # the sandbox was reset since, or would have none with such a number
            return None


def _without_made_up_name(known: dict[str, Any], number: str) -> dict[str, Any]:
    """The sandbox calls what has no name by its number, as WhatsApp does."""
    return known | {"name": ""} if known.get("name") == number else known
