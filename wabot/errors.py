"""Every error wabot answers with: one tree, coded, mapped to problem+json or a page in `blueprints/_errors.py`.

    WabotError                     code               status
    ├── MalformedRequest           malformed_request    400   can't be read at all
    ├── TooLarge                   too_large            413
    ├── Invalid                    invalid_request      422   a field is wrong; `fields` says which and why
    │   ├── InvalidNumber          invalid_number       422
    │   └── WrongPassword          wrong_password       422   the present one, asked for before what a stolen login must not do
    ├── Unauthenticated            unauthenticated      401
    │   ├── InvalidCredentials     invalid_credentials  401
    │   ├── OtpRequired            otp_required         401   the password was right, a second factor is needed
    │   └── InvalidOtp             invalid_otp          401
    ├── Forbidden                  forbidden            403
    ├── NotFound                   not_found            404   also for what belongs to somebody else
    ├── Conflict                   conflict             409
    ├── RateLimited                rate_limited         429   `retry_after` seconds
    └── Unavailable                unavailable          503   a process we need is away; it recovers by itself
        ├── DatabaseUnavailable    database_unavailable
        └── GatewayUnavailable     gateway_unavailable

A code is stable: clients may switch on it. `detail` is for people and says the way out.
"""

from __future__ import annotations

from collections.abc import Mapping

from .words import N_, Text


class WabotError(Exception):
    """Base of all. Class attributes give the defaults; every one may be given anew where it is raised."""

    code = "internal_error"
    status = 500
    title = N_("Something went wrong")

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        fields: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.fields = dict(fields or {})
        self.extra = dict(extra or {})
        self.retry_after = retry_after


class Invalid(WabotError):
    code = "invalid_request"
    status = 422
    title = N_("The request can't be used as it is")

    @classmethod
    def field(cls, name: str, why: str, *, code: str | None = None) -> Invalid:
        """One wrong field: `name` as in the request, `why` for people."""
        return cls(Text("%(field)s: %(why)s", field=name, why=why), code=code, fields={name: why})


class InvalidNumber(Invalid):
    code = "invalid_number"


class WrongPassword(Invalid):
    code = "wrong_password"


class MalformedRequest(WabotError):
    code = "malformed_request"
    status = 400
    title = N_("The request can't be read")


class TooLarge(WabotError):
    code = "too_large"
    status = 413
    title = N_("The request is too large")


class Unauthenticated(WabotError):
    code = "unauthenticated"
    status = 401
    title = N_("Say who you are: a login token or an API key is needed")


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    title = N_("Email address or password is wrong")


class OtpRequired(Unauthenticated):
    code = "otp_required"
    title = N_("A second-factor code is needed as well")


class InvalidOtp(Unauthenticated):
    code = "invalid_otp"
    title = N_("The code is wrong, too old, or was used before")


class Forbidden(WabotError):
    code = "forbidden"
    status = 403
    title = N_("You may not do this")


class NotFound(WabotError):
    code = "not_found"
    status = 404
    title = N_("There is nothing here")


class Conflict(WabotError):
    code = "conflict"
    status = 409
    title = N_("This isn't possible in the current state")


class RateLimited(WabotError):
    code = "rate_limited"
    status = 429
    title = N_("Too many requests")


class Unavailable(WabotError):
    code = "unavailable"
    status = 503
    title = N_("A part of wabot is away for a moment; it comes back by itself")

    def __init__(self, detail: str = "", *, retry_after: int = 2, code: str | None = None) -> None:
        super().__init__(detail, retry_after=retry_after, code=code)


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    title = N_("The database doesn't answer")


class GatewayUnavailable(Unavailable):
    code = "gateway_unavailable"
    title = N_("The WhatsApp gateway doesn't answer; it is being restarted. Try again in a moment")
