"""The second factor: a code of six digits that changes every 30 seconds (TOTP, RFC 6238), and recovery codes for a lost phone.

The secret is encrypted at rest, recovery codes are kept as digests. A code is good for its own step and its neighbours (RFC 6238,
5.2: one step for the clock's drift), and once: the last step used is remembered by a guarded write. Wrong codes are counted
for the user in the store, before they are looked at. Only who knows the password gets that far, so the pause they bring can't be
used to lock anybody else out.
"""

from __future__ import annotations

import hmac
import json
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from ..config import Settings
from ..errors import Conflict, Invalid, InvalidOtp, NotFound, OtpRequired, RateLimited
from ..lib import qr
from ..lib.clock import now
from ..lib.log import get_logger
from ..lib.sealing import Sealer, Unsealable
from ..store import Store
from ..store.records import User
from ..words import Counted
from .accounts import check_password
from .audit import Audited, AuditLog
from .mails import Mails
from .preferences import Preferences

ISSUER = "wabot"
STEP_SECONDS = 30
TRIES = 5
PAUSE = timedelta(minutes=15)
RECOVERY_CODES = 10
SETUP_SECONDS = 30 * 60
"""How long a set-up page may be open."""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike. Ten of them are 49 bits."""
_LENGTH = 10

log = get_logger(__name__)


@dataclass(frozen=True)
class Setup:
    """What the set-up page shows; `sealed` comes back with the code, so that nothing is stored before it is confirmed."""

    secret: str
    uri: str
    svg: str
    sealed: str


@dataclass(frozen=True)
class SecondFactor:
    store: Store
    settings: Settings
    audit: AuditLog
    mails: Mails
    preferences: Preferences

    def missing(self, user: User) -> bool:
        """Whether this user must set one up before anything else."""
        required = user.is_admin and not user.has_second_factor
        return required and self.preferences.current().require_admin_second_factor

    def begin(self, user: User) -> Setup:
        return self._shown(user, pyotp.random_base32())

    def again(self, user: User, sealed: str) -> Setup:
        """The same once more, after a wrong code; a new one when it is too old or not this user's."""
        try:
            return self._shown(user, self._offered(user, sealed))
        except Invalid:
            return self.begin(user)

    def turn_on(self, by: Audited, sealed: str, password: str, code: str) -> list[str]:
        """The recovery codes, shown now and never again. Raises Invalid, WrongPassword, and Conflict when it is on already."""
        user = by.actor
        secret = self._offered(user, sealed)
        check_password(user, password)
        step = _step_of(secret, _normalised(code))
        if step is None:
            raise Invalid.field("otp", "is not the code your app shows now; check that the phone's clock is right")
        codes = _new_codes()
        with self.audit.noted(by, "second_factor.on", target=user.id):
            if not self.store.second_factors.turn_on(user.id, self._sealer.seal(secret), step, self._digests(user, codes), now()):
                raise Conflict("The second factor is on already.", code="second_factor_on")
        log.info("second_factor_on", user_id=user.id)
        self.mails.notify("second_factor_on", user_id=user.id)
        return codes

    def check(self, user: User, typed: str | None) -> None:
        """A code or a recovery code, if this user has a second factor; each is good once.

        Raises OtpRequired without one, InvalidOtp, and RateLimited after five wrong ones in a row.
        """
        if not user.has_second_factor:
            return
        code = _normalised(typed or "")
        if not code:
            raise OtpRequired
        paused_until = self.store.second_factors.take_try(user.id, now(), TRIES, PAUSE)
        if paused_until:
            raise _paused(paused_until)
        if not self._use(user, code):
            log.info("second_factor_refused", user_id=user.id)
            raise InvalidOtp

    def renew(self, by: Audited, code: str) -> list[str]:
        """New recovery codes; the earlier ones are worthless. Raises as `check`."""
        user = by.actor
        self._must_have(user)
        self.check(user, code)
        codes = _new_codes()
        self.audit.note(by, "second_factor.codes", target=user.id)
        self.store.second_factors.renew(user.id, self._digests(user, codes))
        log.info("recovery_codes_renewed", user_id=user.id)
        self.mails.notify("recovery_codes_renewed", user_id=user.id)
        return codes

    def turn_off(self, by: Audited, password: str, code: str) -> None:
        """Raises WrongPassword, and as `check`."""
        user = by.actor
        self._must_have(user)
        check_password(user, password)
        self.check(user, code)
        self.audit.note(by, "second_factor.off", target=user.id)
        self._off(user)

    def remove(self, user_id: str, by: Audited) -> None:
        """For an administrator, when phone and recovery codes are lost. Raises NotFound."""
        user = self.store.users.get(user_id)
        if user is None or not user.has_second_factor:
            raise NotFound("This user has no second factor.")
        self.audit.note(by, "user.second_factor_remove", target=user_id)
        self._off(user)

    def _off(self, user: User) -> None:
        if self.store.second_factors.turn_off(user.id):
            log.info("second_factor_off", user_id=user.id)
            self.mails.notify("second_factor_off", user_id=user.id)

    def _must_have(self, user: User) -> None:
        if not user.has_second_factor:
            raise Conflict("The second factor is off.", code="second_factor_off")

    def _use(self, user: User, code: str) -> bool:
        if len(code) == _LENGTH:
            return self.store.second_factors.use_recovery_code(user.id, self._digest(user, code))
        try:
            step = _step_of(self._sealer.open(user.totp_secret or ""), code)
        except Unsealable:
            log.error("second_factor_unreadable", user_id=user.id, why="SECRET_KEY is not the one it was set up with")
            return False
        return step is not None and self.store.second_factors.use_step(user.id, step)

    def _shown(self, user: User, secret: str) -> Setup:
        uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)
        return Setup(secret, uri, qr.svg(uri), self._sealer.seal(json.dumps([user.id, secret])))

    def _offered(self, user: User, sealed: str) -> str:
        """The secret that was shown to this user. Raises Invalid."""
        try:
            owner, secret = json.loads(self._sealer.open(sealed[:1000], max_age=SETUP_SECONDS))
        except Unsealable:
            owner, secret = "", ""
        if owner != user.id:
            raise Invalid.field("otp", "this page was open for too long: scan the new code")
        return str(secret)

    @property
    def _sealer(self) -> Sealer:
        return Sealer(self.settings.secret("secret_key"), "second-factor")

    def _digests(self, user: User, codes: list[str]) -> list[str]:
        return [self._digest(user, _normalised(one)) for one in codes]

    def _digest(self, user: User, code: str) -> str:
        return self._sealer.digest(f"{user.id}:{code}")


def _paused(until: datetime) -> RateLimited:
    left = max(1, int((until - now()).total_seconds()))
    words = Counted(
        "Too many wrong codes. Try again in %(count)s minute.",
        "Too many wrong codes. Try again in %(count)s minutes.",
        math.ceil(left / 60),
    )
    return RateLimited(words, retry_after=left)


def _step_of(secret: str, code: str) -> int | None:
    """The time step the code belongs to: this one or a neighbour."""
    present = int(now().timestamp()) // STEP_SECONDS
    steps = (present, present - 1, present + 1)
    right = [step for step in steps if hmac.compare_digest(pyotp.HOTP(secret).at(step).encode(), code.encode())]
    return right[0] if right else None


def _new_codes() -> list[str]:
    texts = ("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(RECOVERY_CODES))
    return [f"{text[:5]}-{text[5:]}" for text in texts]


def _normalised(typed: str) -> str:
    return "".join(typed.split()).replace("-", "").lower()[:64]
