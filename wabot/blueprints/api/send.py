"""/api/send: the call for scripts and spreadsheets, GET or POST, with everything in the parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypeVar, cast

from flask import Response, request
from pydantic import Field
from werkzeug.exceptions import MethodNotAllowed

from ...errors import Conflict, Invalid, WabotError
from ...services.drafts import Draft
from ...services.reasons import MESSAGE_ERRORS
from ...services.sessions import DEFAULT
from .._answers import answers
from .._context import request_id, services
from .._limits import SendAllowance
from .._requests import once, refuse_garbled
from .._shapes.messages import Sent
from .._waiting import until_sent
from . import bp
from ._request import Body, caller, check, idempotency_key, json_body, needs, refuse_packed

_ALIASES = {"phone": "to", "number": "to", "text": "message"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_METHODS = ("GET", "POST", "OPTIONS")
_ERRORS = ("session_not_connected", "invalid_number", "message_too_long", "idempotency_mismatch", "queue_full", "not_found")
V = TypeVar("V", bound=Callable[..., Any])


class QuickSend(Body):
    api_key: str | None = None
    """For programs that can't set a header."""
    to: str
    """A number in international form; digits alone are read as `+digits`."""
    message: str
    """The text, in UTF-8 like everything in an address or a form."""
    session: Annotated[str, Field(min_length=1, max_length=100)] = DEFAULT
    wait: Annotated[float, Field(ge=0, le=30)] = 10
    """How many seconds the answer may wait for `sent`."""
    idempotency_key: Annotated[str, Field(max_length=255)] | None = None
    """A repeated request with the same key is sent only once."""


def _as_meant(view: V) -> V:
    """Nothing is sent by a HEAD, for which Flask would run the GET: a link preview must not send. Nor what can't be read."""

    @wraps(view)
    def checked() -> Any:
        if request.method == "HEAD":
            raise MethodNotAllowed(valid_methods=list(_METHODS))
        if request.method == "POST":
            refuse_packed()
        refuse_garbled()
        return view()

    return cast(V, checked)


@bp.route("/send", methods=["GET", "POST"])
@_as_meant
@needs("send", query_key=True)
@answers(
    {200: Sent, 202: Sent},
    [*_ERRORS, *MESSAGE_ERRORS, (409, "message_too_long")],
    takes=QuickSend,
    example={"to": "+12025550143", "message": "Hello"},
    headers={"Idempotency-Key": "The same as the parameter `idempotency_key`."},
    sends=True,
)
def quick_send() -> tuple[dict[str, Any], int]:
    """Send a message in one line. The answer is 200 once it was sent, and 202 if it is still waiting after `wait` seconds. `phone`
    and `number` mean the same as `to`, and `text` the same as `message`."""
    asked = check(QuickSend, _parameters(), strict=False)
    draft = Draft(asked.to, asked.message, asked.session, idempotency_key(asked.idempotency_key))
    message, _ = services().messages.accept(caller().user.id, draft, request_id(), SendAllowance(caller().user))
    message, sent = until_sent(message, asked.wait)
    if message.status == "failed":
        raise _failure(message.error or {})
    answer = {"success": True, "id": message.id, "status": message.status, "to": message.to}
    return answer, 200 if sent else 202


@bp.after_app_request
def _allow_no_head(response: Response) -> Response:
    """Flask lists HEAD wherever GET is."""
    if request.path == "/api/send" and "Allow" in response.headers:
        response.headers["Allow"] = ", ".join(_METHODS)
    return response


def _parameters() -> dict[str, Any]:
    """Query, form or JSON body (a GET has none), with the aliases under their names. Raises Invalid when one is given twice or is
    a file, and MalformedRequest for a body of another kind."""
    for name in request.files:
        raise Invalid.field(name[:100], "must be text, not a file: wabot sends no files")
    values: list[tuple[str, Any]] = list(request.values.items(multi=True))
    if request.method == "POST" and request.mimetype not in _FORMS:
        values += json_body().items()
    return once((_ALIASES.get(name, name), value) for name, value in values)


def _failure(error: dict[str, str]) -> WabotError:
    return Conflict(error.get("text", ""), code=error.get("code", "failed"), extra={"success": False})
