"""/api/admin/users: accounts, for administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ...errors import Invalid
from ...services import present
from ...services.user_administration import UserChange
from .._answers import answers
from .._context import live, request_id, services
from .._shapes import Items
from .._shapes.accounts import ManagedUser
from . import bp
from ._request import Body, Limit, audited, body, needs, query


class UsersQuery(Body):
    q: Annotated[str, Field(max_length=320)] = ""
    state: Literal["", "active", "disabled", "invited", "admin"] = ""
    cursor: Annotated[str, Field(max_length=700)] | None = None
    limit: Limit = 50


class ChangeUser(Body):
    role: Literal["user", "admin"] | None = None
    disabled: bool | None = None
    limits: dict[str, Any] | None = None


class NewUser(Body):
    email: Annotated[str, Field(max_length=320)]
    name: Annotated[str, Field(max_length=100)] = ""
    role: Literal["user", "admin"] = "user"


@bp.get("/admin/users")
@needs(admin=True)
@answers({200: Items[ManagedUser]})
def users() -> dict[str, Any]:
    """Find accounts. `q` is the beginning of an address or a name."""
    asked = query(UsersQuery)
    page = services().user_administration.page(text=asked.q, state=asked.state, limit=asked.limit, cursor=asked.cursor)
    return {"items": [present.user_for_admin(one) for one in page.items], "next_cursor": page.next_cursor}


@bp.post("/admin/users")
@needs(admin=True)
@answers(
    {201: ManagedUser}, ["email_taken", "mail_not_configured", "unavailable"], example={"email": "ann@example.com", "name": "Ann"}
)
def invite_user() -> tuple[dict[str, Any], int]:
    """Invite somebody. They get a mail with a link to choose a password."""
    asked = body(NewUser)
    return present.user_for_admin(services().invitations.invite(audited(), asked.email, name=asked.name, role=asked.role)), 201


@bp.get("/admin/users/<user_id>")
@needs(admin=True)
@answers({200: ManagedUser})
def user(user_id: str) -> dict[str, Any]:
    """Get an account."""
    return present.user_for_admin(services().user_administration.one(user_id))


@bp.patch("/admin/users/<user_id>")
@needs(admin=True)
@answers(
    {200: ManagedUser},
    ["last_admin", "not_yourself", "changed_meanwhile", "erasing"],
    example={"limits": {"send_per_minute": 10}},
)
def change_user(user_id: str) -> dict[str, Any]:
    """Change an account. What is left out stays. `limits` replaces all of the user's individual numbers; with {} or null the
    common numbers apply."""
    asked = body(ChangeUser)
    given = asked.model_fields_set
    for name in given & {"role", "disabled"}:
        if getattr(asked, name) is None:
            raise Invalid.field(name, "can't be null")
    limits = (asked.limits or {}) if "limits" in given else None
    changed = services().user_administration.change(
        user_id, UserChange(asked.role, asked.disabled, limits), audited(), request_id()
    )
    live().logins_ended()
    return present.user_for_admin(changed)


@bp.delete("/admin/users/<user_id>")
@needs(admin=True)
@answers({204: None}, ["last_admin", "not_yourself", "changed_meanwhile"])
def delete_user(user_id: str) -> tuple[str, int]:
    """Delete an account. It is locked at once; the worker erases its data soon after."""
    services().user_administration.delete(user_id, audited())
    live().logins_ended()
    return "", 204


@bp.post("/admin/users/<user_id>/reset-password")
@needs(admin=True)
@answers({202: ManagedUser}, ["disabled", "mail_not_configured", "unavailable"])
def send_link(user_id: str) -> tuple[dict[str, Any], int]:
    """Mail the user a link to choose a password. The administrator doesn't see it."""
    return present.user_for_admin(services().invitations.send_link(audited(), user_id)), 202


@bp.post("/admin/users/<user_id>/logout")
@needs(admin=True)
@answers({204: None})
def end_logins(user_id: str) -> tuple[str, int]:
    """End all logins and tokens of an account."""
    services().user_administration.end_logins(user_id, audited())
    live().logins_ended()
    return "", 204
