"""Users: registration, passwords, the first admin. A password is kept as its scrypt hash and as nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD, Settings, email_address
from ..errors import Conflict, Forbidden, Invalid, InvalidCredentials, WrongPassword
from ..lib.clock import now
from ..lib.log import get_logger
from ..lib.passwords import hash_password, verify_password
from ..lib.strength import weakness
from ..store import Store
from ..store.records import User
from ..store.users import EmailTaken
from ..words import N_, Text
from .audit import Audited, AuditLog
from .mails import Mails
from .preferences import Preferences

NAME_LENGTH = 100
TAKEN = N_("There is already an account with this address.")
TAKEN_FIELD = N_("there is already an account with this address")
PASSWORD_LENGTH = range(8, 257)
"""The upper bound keeps hashing cheap for us, whatever is posted."""

log = get_logger(__name__)


def normalised_email(typed: str) -> str:
    """Lower case, checked for form only. Raises Invalid."""
    try:
        return email_address(typed)
    except ValueError as error:
        raise Invalid.field("email", str(error)) from error


def _looked_up(typed: str) -> str:
    """As it would stand in the store. What isn't an address is looked up all the same, so that it takes as long."""
    try:
        return normalised_email(typed[:320])
    except Invalid:
        return typed.strip().lower()[:320]


def check_new_password(password: str, *about_its_owner: str) -> None:
    """Raises Invalid: too short, too long, or too easy to guess. The owner's address and name make it easy, too."""
    if len(password) not in PASSWORD_LENGTH:
        raise Invalid.field("password", "needs 8 to 256 characters")
    if why := weakness(password, about_its_owner):
        raise Invalid.field("password", why)


def check_password(user: User, password: str) -> None:
    """Asked before anything that a stolen login alone must not be able to do. Raises WrongPassword."""
    if not verify_password(user.password_hash, password[: PASSWORD_LENGTH.stop]):
        raise WrongPassword.field("current_password", "is not your current password")


@dataclass(frozen=True)
class Accounts:
    store: Store
    settings: Settings
    preferences: Preferences
    mails: Mails
    audit: AuditLog

    def register(self, email: str, password: str, name: str = "") -> User:
        """Raises Invalid, Conflict `email_taken`, Forbidden `registration_closed`.

        Where addresses are to be confirmed, the mail for it is queued, and the user can't log in before.
        """
        if not self.preferences.current().registration_open:
            raise Forbidden("Registration is closed; ask the administrator for an account.", code="registration_closed")
        address = normalised_email(email)
        check_new_password(password, address, name)
        confirmed = not self._must_confirm
        user = self.add(address, password, name=name.strip(), role="user", email_confirmed=confirmed)
        if not confirmed:
            self.mails.queue("confirm_address", user_id=user.id)
        return user

    def get(self, user_id: str) -> User | None:
        """As the user is now; None when the account is gone."""
        return self.store.users.get(user_id)

    def by_email(self, typed: str) -> User | None:
        """None also for what is no address."""
        return self.store.users.by_email(_looked_up(typed))

    @property
    def _must_confirm(self) -> bool:
        return self.preferences.current().confirm_email and self.mails.available

    def authenticate(self, email: str, password: str) -> User:
        """Raises InvalidCredentials after the same work whether the address is known or not, and, to whoever knows the password of
        an address that must be confirmed first, Forbidden `email_unconfirmed`."""
        user = self.by_email(email)
        matches = verify_password(user.password_hash if user else None, password[: PASSWORD_LENGTH.stop])
        if user is None or not matches or user.disabled or self._left_from_local(user, password):
            raise InvalidCredentials
        if self.must_confirm(user):
            raise Forbidden("Confirm your address first: open the link in the mail you were sent.", code="email_unconfirmed")
        return user

    def _left_from_local(self, user: User, password: str) -> bool:
        """Whether it is the documented first login, never changed, on data of a local start that others can reach now."""
        return self.settings.reachable and user.must_change_password and password == DEFAULT_ADMIN_PASSWORD

    def must_confirm(self, user: User) -> bool:
        """Whether this user can't log in before they have opened the link in a mail."""
        return self._must_confirm and not user.email_confirmed

    def change_password(self, by: Audited, current: str, password: str) -> None:
        """All logins made before end; API keys live on. Raises Invalid, WrongPassword."""
        user = by.actor
        check_password(user, current)
        check_new_password(password, user.email, user.name)
        if password == current:
            raise Invalid.field("password", "is the one you have now: choose another")
        with self.audit.noted(by, "password.change", target=user.id):
            if not self.set_password(user, password):
                raise Conflict("Your password was changed elsewhere just now.")

    def set_password(self, user: User, password: str, **more: object) -> bool:
        """All logins made before end. False when the password is no longer the one `user` has."""
        changed = self.store.users.replace_password(
            user, hash_password(password), must_change_password=False, invited=False, **more
        )
        if changed:
            self.store.logins.end_all(user.id)
            self.mails.notify("password_changed", user_id=user.id)
        return changed

    def rename(self, user: User, name: str) -> None:
        """Raises Invalid."""
        if not name.strip():
            raise Invalid.field("name", "is missing")
        if len(name.strip()) > NAME_LENGTH:
            raise Invalid.field("name", Text("takes at most %(most)s characters", most=NAME_LENGTH))
        self.store.users.change(user.id, {"name": name.strip()})

    def end_logins(self, user_id: str) -> None:
        self.store.users.end_logins(user_id)
        self.store.logins.end_all(user_id)

    def create_admin(self, email: str, password: str) -> User:
        """Raises Invalid or Conflict `email_taken`."""
        address = normalised_email(email)
        check_new_password(password, address)
        if password == DEFAULT_ADMIN_PASSWORD:
            raise Invalid.field("password", "is that of every new wabot, so everybody knows it: choose another")
        return self.add(address, password, name="Admin", role="admin")

    def ensure_first_admin(self) -> bool:
        """Local starts have an admin from the first second on; production makes its own with `flask create-admin`. True when one was
        made, or got the password of the settings."""
        wanted = not self.settings.production or "admin_password" in self.settings.model_fields_set
        if not wanted:
            return False
        if self.store.users.any_admin():
            return self._replace_default_login()
        try:
            self.add(
                normalised_email(self.settings.admin_email), self.settings.admin_password, name="Admin", role="admin",
                must_change_password=self.settings.default_admin_in_force,
            )  # fmt: skip
        except Conflict:  # another web process has just made it
            if not self.store.users.any_admin():
                log.warning("no_first_admin", why="the address of WABOT_ADMIN_EMAIL belongs to an ordinary user")
            return False
        return True

    def _replace_default_login(self) -> bool:
        """A first administrator who never chose a password gets the one in the settings, once that isn't the default any more."""
        user = self.store.users.by_email(DEFAULT_ADMIN_EMAIL)
        chosen, default = self.settings.admin_password, DEFAULT_ADMIN_PASSWORD
        if user is None or not user.must_change_password or chosen == default or not verify_password(user.password_hash, default):
            return False
        return self.store.users.replace_password(user, hash_password(chosen), must_change_password=False)

    def add(self, email: str, password: str, *, name: str, role: str, **more: object) -> User:
        """`email` as `normalised_email` gives it. Raises Conflict `email_taken`."""
        values = {"email": email, "password_hash": hash_password(password), "created_at": now(), "role": role, **more}
        values["name"] = name or email.partition("@")[0]
        try:
            return self.store.users.add(values)
        except EmailTaken as error:
            raise Conflict(TAKEN, code="email_taken", fields={"email": TAKEN_FIELD}) from error
