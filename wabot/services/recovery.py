"""A forgotten password: a mail with a link, and a new password by it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Invalid
from ..store.records import User
from .accounts import Accounts, check_new_password, normalised_email
from .audit import Audited, AuditLog
from .links import InvalidToken, Links, Opened
from .mails import Mails


@dataclass(frozen=True)
class Recovery:
    accounts: Accounts
    links: Links
    mails: Mails
    audit: AuditLog

    def forgot(self, typed: str) -> None:
        """Queue the mail. Whether there is such an account is looked up by the worker alone, so that neither answer nor time tells.

        What is no address at all goes nowhere.
        """
        try:
            address = normalised_email(typed[:320])
        except Invalid:
            return
        self.mails.queue("reset", address=address)

    def open(self, token: str) -> Opened:
        """Look at the link without using it up. Raises InvalidToken."""
        return self.links.open(token, "reset", "invite")

    def reset(self, token: str, password: str, source: str) -> User:
        """All logins and tokens end; API keys live on. The link has proved the address, too. `source` is where this comes from.

        Raises InvalidToken, Invalid.
        """
        opened = self.open(token)
        user = opened.user
        check_new_password(password, user.email, user.name)
        with self.audit.noted(Audited(user, source), "password.reset", target=user.id, detail=opened.purpose):
            if not self.accounts.set_password(user, password, email_confirmed=True):
                raise InvalidToken
        return user
