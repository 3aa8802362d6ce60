"""Mail addresses that are proved: at registration where an administrator wants it, and whenever one is changed."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Conflict, Invalid, Unavailable
from ..store import Store
from ..store.records import User
from ..store.users import EmailTaken
from .accounts import TAKEN, TAKEN_FIELD, check_password, normalised_email
from .audit import Audited, AuditLog
from .links import InvalidToken, Links, Opened
from .mails import Mails


@dataclass(frozen=True)
class Addresses:
    store: Store
    links: Links
    mails: Mails
    audit: AuditLog

    def send_again(self, typed: str) -> None:
        """The mail to confirm an address by, whether there is such an account or not. What is no address goes nowhere."""
        try:
            address = normalised_email(typed[:320])
        except Invalid:
            return
        self.mails.queue("confirm_address", address=address)

    def ask_change(self, user: User, password: str, typed: str) -> str:
        """Send a link to the new address, which this gives back; nothing changes before it is used. Raises Invalid, WrongPassword,
        Conflict, Unavailable."""
        if not self.mails.available:
            raise Unavailable("This wabot can't send mails, so a new address can't be confirmed.", code="mail_not_configured")
        check_password(user, password)
        address = normalised_email(typed[:320])
        if address == user.email:
            raise Invalid.field("email", "is the address you have now")
        if self.store.users.by_email(address):
            raise _taken()
        self.mails.queue("change_address", user_id=user.id, address=address)
        return address

    def open(self, token: str) -> Opened:
        """Look at the link without using it up. Raises InvalidToken."""
        return self.links.open(token, "confirm_address", "change_address")

    def confirm(self, token: str, source: str) -> Opened:
        """`source` is where this comes from. Raises InvalidToken; Conflict `email_taken` when somebody else has the address meanwhile."""
        opened = self.open(token)
        if opened.purpose == "confirm_address":
            self.store.users.change(opened.user.id, {"email_confirmed": True})
            return opened
        with self.audit.noted(Audited(opened.user, source), "email.change", target=opened.user.id):
            self._move(opened)
        old = opened.user.email
        self.mails.notify("address_changed", user_id=opened.user.id, address=old, values={"new_address": opened.address})
        return opened

    def _move(self, opened: Opened) -> None:
        try:
            changed = self.store.users.replace_email(opened.user, opened.address)
        except EmailTaken as error:
            raise _taken() from error
        if not changed:
            raise InvalidToken


def _taken() -> Conflict:
    return Conflict(TAKEN, code="email_taken", fields={"email": TAKEN_FIELD})
