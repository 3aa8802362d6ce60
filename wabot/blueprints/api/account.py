"""/api/account: export all of one's data as a ZIP, and delete the account."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field

from .._answers import answers
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
@answers({200: "application/zip"}, ["export_running"])
def export_account() -> Response:
    """Export all your data as a ZIP. It is written while it is sent; a README in it explains each file."""
    return export_of(caller().user)


@bp.delete("/account")
@needs(login=True)
@answers(
    {204: None},
    ["invalid_credentials", "otp_required", "invalid_otp", "last_admin", "changed_meanwhile"],
    example={"password": "correct horse battery"},
)
def delete_account() -> tuple[str, int]:
    """Delete your account. It is locked when this is answered; the worker erases the data soon after."""
    asked, user = body(Deletion), caller().user
    with password_attempt(user.email):
        services().erasure.by_owner(audited(), asked.password, asked.otp)
    live().logins_ended()
    return "", 204
