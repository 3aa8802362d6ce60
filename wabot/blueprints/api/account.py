"""/api/account: everything of oneself as a ZIP, and the end of the account."""

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
    """Take everything of oneself away, as a ZIP. Written while it is sent; a text in it says what each file is."""
    return export_of(caller().user)


@bp.delete("/account")
@needs(login=True)
@answers(
    {204: None},
    ["invalid_credentials", "otp_required", "invalid_otp", "last_admin", "changed_meanwhile"],
    example={"password": "correct horse battery"},
)
def delete_account() -> tuple[str, int]:
    """Delete one's account. Locked out when this is answered; the worker erases what is left, soon after."""
    asked, user = body(Deletion), caller().user
    with password_attempt(user.email):
        services().erasure.by_owner(audited(), asked.password, asked.otp)
    live().logins_ended()
    return "", 204
