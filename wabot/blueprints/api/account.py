"""/api/account: everything of oneself as a ZIP, and the end of the account."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field

from .._context import live, services
from .._downloads import export_of
from .._limits import password_attempt
from . import bp
from ._request import Body, audited, body, caller, needs


class Deletion(Body):
    password: Annotated[str, Field(max_length=1024)]
    otp: Annotated[str, Field(max_length=20)] | None = None


@bp.get("/account/export")
@needs(login=True)
def export_account() -> Response:
    return export_of(caller().user)


@bp.delete("/account")
@needs(login=True)
def delete_account() -> tuple[str, int]:
    """Locked out when this is answered; the worker erases what is left."""
    asked, user = body(Deletion), caller().user
    with password_attempt(user.email):
        services().erasure.by_owner(audited(), asked.password, asked.otp)
    live().logins_ended()
    return "", 204
