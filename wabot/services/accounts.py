"""Users: registration, passwords, the first admin. A password is kept as its scrypt hash and as nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from ..config import Settings
from ..errors import Conflict, Forbidden, Invalid, InvalidCredentials
from ..lib.clock import now
from ..lib.passwords import hash_password, verify_password
from ..store import Store
from ..store.records import User
from ..store.users import EmailTaken
from .preferences import Preferences

SPECIAL_USE_DOMAIN_NAMES.clear()  # a self-hosted wabot may well live on an intranet: name@office.local is fine

NAME_LENGTH = 100
PASSWORD_LENGTH = range(8, 257)
"""The upper bound keeps hashing cheap for us, whatever is posted."""


def normalised_email(typed: str) -> str:
    """Lower case, checked for form only. Raises Invalid."""
    try:
        checked = validate_email(typed.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise Invalid.field("email", "is not an e-mail address, such as name@example.com") from error
    return checked.normalized.lower()


def check_new_password(password: str) -> None:
    if len(password) not in PASSWORD_LENGTH:
        raise Invalid.field("password", "needs 8 to 256 characters")


@dataclass(frozen=True)
class Accounts:
    store: Store
    settings: Settings
    preferences: Preferences

    def register(self, email: str, password: str, name: str = "") -> User:
        """Raises Invalid, Conflict `email_taken`, Forbidden `registration_closed`."""
        if not self.preferences.current().registration_open:
            raise Forbidden("Registration is closed; ask the administrator for an account.", code="registration_closed")
        address = normalised_email(email)
        check_new_password(password)
        return self._add(address, password, name=name.strip() or address.split("@")[0], role="user")

    def authenticate(self, email: str, password: str) -> User:
        """Raises InvalidCredentials after the same work whether the address is known or not."""
        user = self.store.users.by_email(email.strip().lower()[:320])
        matches = verify_password(user.password_hash if user else None, password[: PASSWORD_LENGTH.stop])
        if user is None or not matches or user.disabled:
            raise InvalidCredentials
        return user

    def change_password(self, user: User, current: str, password: str) -> None:
        """All logins made before end; API keys live on. Raises Invalid."""
        if not verify_password(user.password_hash, current[: PASSWORD_LENGTH.stop]):
            raise Invalid.field("current_password", "is not your present password")
        check_new_password(password)
        if password == current:
            raise Invalid.field("password", "is the one you have now: choose another")
        self.store.users.change(user.id, {"password_hash": hash_password(password), "must_change_password": False})
        self.end_logins(user.id)

    def rename(self, user: User, name: str) -> None:
        """Raises Invalid."""
        if not name.strip():
            raise Invalid.field("name", "is missing")
        if len(name.strip()) > NAME_LENGTH:
            raise Invalid.field("name", f"takes at most {NAME_LENGTH} characters")
        self.store.users.change(user.id, {"name": name.strip()})

    def end_logins(self, user_id: str) -> None:
        self.store.users.end_logins(user_id)
        self.store.logins.end_all(user_id)

    def create_admin(self, email: str, password: str, *, must_change: bool = False) -> User:
        """Raises Invalid or Conflict `email_taken`."""
        address = normalised_email(email)
        check_new_password(password)
        return self._add(address, password, name="Admin", role="admin", must_change_password=must_change)

    def ensure_first_admin(self) -> bool:
        """Local starts have an admin from the first second on; production makes its own with `flask create-admin`."""
        wanted = not self.settings.production or "admin_password" in self.settings.model_fields_set
        if not wanted or self.store.users.any_admin():
            return False
        default = self.settings.default_admin_in_force
        self.create_admin(self.settings.admin_email, self.settings.admin_password, must_change=default)
        return True

    def _add(self, email: str, password: str, **fields: object) -> User:
        values = {"email": email, "password_hash": hash_password(password), "created_at": now(), **fields}
        try:
            return self.store.users.add(values)
        except EmailTaken as error:
            why = "there is already an account with this address"
            raise Conflict(why.capitalize() + ".", code="email_taken", fields={"email": why}) from error
