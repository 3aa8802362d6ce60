"""The end of an account: its user is locked out at once, and the worker erases in bounded rounds what was theirs.

One write locks out: cookies, tokens and keys are dead, the mail address is free again, and the record says since when it is being
erased. Everything after that is repeated until nothing is left, so any process may die anywhere. The user's record goes last.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from ..errors import GatewayUnavailable, InvalidCredentials, NotFound
from ..lib.clock import now
from ..lib.log import get_logger
from ..lib.media_files import MediaFiles
from ..lib.passwords import verify_password
from ..store import Store
from ..store.ids import new_id
from ..store.personal import Erasing, erasers
from ..store.records import User
from .accounts import PASSWORD_LENGTH, Accounts
from .administrators import Administrators
from .audit import Audited, AuditLog
from .second_factor import SecondFactor
from .sessions import Sessions

AT_ONCE = 50
"""Documents a write deletes: more would hold up everybody else on the embedded database."""
ROUND_SECONDS = 0.5
"""How long a round may take before the worker turns to its other work."""
USERS_AT_ONCE = 20
GRACE = timedelta(seconds=10)
"""What was let in before the lock may still be written (figures: after a second); the record stays, so that the worker looks again."""

log = get_logger(__name__)


@dataclass(frozen=True)
class Erasure:
    store: Store
    accounts: Accounts
    administrators: Administrators
    sessions: Sessions
    second_factor: SecondFactor
    files: MediaFiles
    audit: AuditLog
    _refusals: Counter[str] = field(default_factory=Counter)
    """How often files of a user could not be erased."""

    def by_owner(self, by: Audited, password: str, otp: str | None) -> None:
        """Asked for by its owner. Raises InvalidCredentials for the password, OtpRequired, InvalidOtp, RateLimited, and as `begin`."""
        user = by.actor
        if not verify_password(user.password_hash, password[: PASSWORD_LENGTH.stop]):
            raise InvalidCredentials("This is not your password.")
        self.second_factor.check(user, otp)
        with self.audit.noted(by, "account.delete", target=user.id):
            self.begin(user.id)

    def begin(self, user_id: str) -> None:
        """Locked out when this returns; erased soon after. Harmless to repeat. Raises NotFound, Conflict `last_admin`."""
        user = self.store.users.get(user_id)
        if user is None:
            raise NotFound("There is no such user.")
        if user.erasing_at is None:
            self._lock_out(user)
            log.info("erasure_begun", user_id=user_id)
        self.accounts.end_logins(user_id)

    def round(self) -> int:
        """For the worker: one bounded step for everybody who is being erased; how many users are gone now."""
        return sum(self._step(user) for user in self.store.users.erasing(USERS_AT_ONCE))

    def _lock_out(self, user: User) -> None:
        nobody = {"email": f"erased-{user.id}", "name": "", "password_hash": "", "role": "user"}
        self.administrators.change(user.id, {**nobody, "disabled": True, "erasing_at": now()})

    def _step(self, user: User) -> bool:
        """True when nothing is left of the user."""
        self.accounts.end_logins(user.id)
        until = time.monotonic() + ROUND_SECONDS
        try:
            self._end_sessions(user.id)
        except GatewayUnavailable:
            log.info("erasure_waits_for_gateway", user_id=user.id)
            return False
        if not all(self._erase(one, user.id, until) for one in erasers(self.store)) or not _long_enough(user):
            return False
        if not self._erase_files(user.id):
            return False
        self.store.users.remove(user.id)
        log.info("user_erased", user_id=user.id)
        return True

    def _erase_files(self, user_id: str) -> bool:
        """True when nothing is left of them."""
        try:
            self.files.erase(user_id)
        except OSError as error:
            self._files_stay(user_id, error)
            return False
        self._refusals.pop(user_id, None)
        return True

    def _files_stay(self, user_id: str, error: OSError) -> None:
        """It is tried every second; the first time and then every doubling is worth a line."""
        self._refusals[user_id] += 1
        times = self._refusals[user_id]
        if times.bit_count() == 1:
            log.error("erasure_files_stay", user_id=user_id, file=error.filename, why=error.strerror, times=times)

    def _end_sessions(self, user_id: str) -> None:
        """Log each out of WhatsApp and wipe its profile before its record goes. Raises GatewayUnavailable."""
        while self.store.outbox.erase(user_id, AT_ONCE):
            continue  # nothing more goes out; a user has a bounded number waiting
        for session in self.store.sessions.of_user(user_id):
            self.sessions.delete(user_id, session.name, new_id())

    def _erase(self, part: Erasing, user_id: str, until: float) -> bool:
        """True when nothing is left in this collection."""
        while time.monotonic() < until:
            if part.erase(user_id, AT_ONCE) == 0:
                return True
        return False


def _long_enough(user: User) -> bool:
    return user.erasing_at is not None and now() - user.erasing_at > GRACE
