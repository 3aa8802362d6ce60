"""What an administrator does for other people's way in: accounts made or invited, links sent. Everything is audited, and no
administrator ever learns a password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ..errors import Conflict, Invalid, NotFound, Unavailable
from ..store import Store
from ..store.ids import new_id
from ..store.records import User
from ..words import N_, Text
from .accounts import TAKEN, TAKEN_FIELD, Accounts, check_new_password, normalised_email
from .audit import Audited, AuditLog
from .mails import Mails

ROLES = (N_("user"), N_("admin"))
"""The audit log's page says them, too."""


@dataclass(frozen=True)
class Invitations:
    store: Store
    accounts: Accounts
    mails: Mails
    audit: AuditLog

    def create(self, by: Audited, email: str, password: str, *, name: str = "", role: str = "user") -> User:
        """With a first password, which its owner has to change at the first login. Raises Invalid, Conflict `email_taken`."""
        address = self._checked(email, role)
        check_new_password(password, address, name)
        new = new_id()
        with self.audit.noted(by, "user.create", target=new, detail=role):
            return self.accounts.add(address, password, name=name.strip()[:100], role=role, must_change_password=True, id=new)

    def invite(self, by: Audited, email: str, *, name: str = "", role: str = "user") -> User:
        """Without a usable password: a mail brings the link to choose one. Raises Invalid, Conflict `email_taken`, Unavailable."""
        self._needs_mails()
        address = self._checked(email, role)
        new = new_id()
        unusable = secrets.token_urlsafe(48)  # hashed like any other, so that a try at logging in takes the same time
        with self.audit.noted(by, "user.invite", target=new, detail=role):
            user = self.accounts.add(address, unusable, name=name.strip()[:100], role=role, invited=True, id=new)
        self.mails.queue("invite", user_id=user.id)
        return user

    def send_link(self, by: Audited, user_id: str) -> User:
        """A mail with a link to choose a password: the invitation again as long as none was chosen. Raises NotFound, Conflict
        `disabled`, Unavailable."""
        user = self.store.users.get(user_id)
        if user is None:
            raise NotFound("There is no such user.")
        self._needs_mails()
        if user.disabled:
            raise Conflict("This account is disabled: enable it first.", code="disabled")
        self.audit.note(by, "user.send_link", target=user.id, detail="invitation" if user.invited else "reset")
        self.mails.queue("invite" if user.invited else "reset", user_id=user.id)
        return user

    def _checked(self, email: str, role: str) -> str:
        if role not in ROLES:
            raise Invalid.field("role", Text("choose from %(choices)s", choices=", ".join(ROLES)))
        address = normalised_email(email)
        if self.store.users.by_email(address):
            raise Conflict(TAKEN, code="email_taken", fields={"email": TAKEN_FIELD})
        return address

    def _needs_mails(self) -> None:
        if not self.mails.available:
            raise Unavailable("This wabot can't send mails: SMTP_URL is not set.", code="mail_not_configured")
