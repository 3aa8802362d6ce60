"""Every error, mapped once: problem+json (RFC 9457) under /api, /internal and for JSON callers, a page elsewhere."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, json, redirect, render_template, request, url_for
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from .. import errors
from ..lib.log import get_logger
from ..store import DATABASE_DOWN, gave_up
from ..words import N_
from . import _unsent as unsent
from ._context import request_id
from ._pages import page_above
from ._security import SAFE, login_manager

log = get_logger(__name__)

_BY_STATUS: dict[int, type[errors.WabotError]] = {
    400: errors.MalformedRequest,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    413: errors.TooLarge,
}
_NO_FAULT_OF_THE_FORM = frozenset({401, 429, 500, 502, 503, 504})
_ADDRESS_OF_A_FORM = {
    "title": N_("There is no page at this address"),
    "detail": N_("It only accepts a submitted form, and stays in the address bar when the form was refused."),
}
_MAYBE_STORED = N_(
    "Try again in a moment. What was asked for may have been stored all the same: repeat a send with the same Idempotency-Key."
)
_MAYBE_STORED_BY_FORM = N_("Try again in a moment. What you sent may have been stored all the same.")
_NOTHING_SENT = N_("Try again in a moment.")
_UNSPOKEN = frozenset({"HEAD", "OPTIONS"})
_API = "/api/"
_CALLS = "/api/docs describes them all, /docs/coming-from says what other gateways call them."
_JSON_PATHS = (_API, "/internal/", "/healthz", "/readyz", "/metrics")


def init_app(app: Flask) -> None:
    app.before_request(_refuse_redirect)
    app.register_error_handler(errors.WabotError, answer)
    app.register_error_handler(HTTPException, _http)
    for kind in DATABASE_DOWN:
        app.register_error_handler(kind, _database_down)
    app.register_error_handler(ParseException, lambda _: answer(errors.MalformedRequest()))  # of a body in chunks
    app.register_error_handler(Exception, _unexpected)


def _refuse_redirect() -> None:
    """To the address without its double slash: many a script takes that answer for a success, and has sent nothing. Raises NotFound."""
    if isinstance(request.routing_exception, RequestRedirect) and _under(_API):
        raise errors.NotFound("There is no such call: its address has two slashes in a row.")


def wants_json() -> bool:
    """A browser sends no JSON to a page: who does is a program at a wrong address."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return _under(*_JSON_PATHS) or best == "application/json" or request.is_json


def _under(*paths: str) -> bool:
    """`/api` as well as `/api/`."""
    return f"{request.path}/".startswith(paths)


def problem(error: errors.WabotError) -> dict[str, Any]:
    """The problem document of RFC 9457, with our stable `code`."""
    document: dict[str, Any] = {
        "type": f"/docs/errors#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id(),
    }
    if error.fields:
        document["errors"] = [{"field": name, "detail": why} for name, why in error.fields.items()]
    return {**document, **error.extra}


def answer(error: errors.WabotError) -> Any:
    if wants_json():
        extra = {"success": False} if request.path == "/api/send" else {}
        response = Response(json.dumps({**problem(error), **extra}), error.status, mimetype="application/problem+json")
    elif error.status == 401 and request.method in SAFE:
        return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))
    else:
        response = Response(_page(problem(error)), error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _page(shown: dict[str, Any]) -> str:
    """A form that wasn't taken for no fault of its own keeps what was typed; the address of one alone leads to its page."""
    kept = shown["status"] in _NO_FAULT_OF_THE_FORM or shown["code"] == "csrf"
    if kept and request.method not in SAFE:
        return unsent.page(shown)
    if shown["status"] == 405:
        shown = {**shown, **_ADDRESS_OF_A_FORM, "page": page_above(request.path)}
    return render_template("error.html", **shown)


def _http(error: HTTPException) -> Any:
    """What Flask and Werkzeug raise themselves; redirects pass."""
    if error.code is None or error.code < 400:
        return error
    kind = _BY_STATUS.get(error.code, errors.WabotError)
    ours = kind() if error.code in _BY_STATUS else errors.WabotError(error.description or error.name, code=_code_of(error))
    if error.code == 404 and _under(_API):
        ours = errors.NotFound(f"There is no such call. {_CALLS}")
    ours.status, ours.title = error.code, ours.title if error.code in _BY_STATUS else error.name
    allowed = getattr(error, "valid_methods", None) or ()
    if chosen := sorted(set(allowed) - _UNSPOKEN):
        ours.detail = f"This address takes {_or(chosen)}, not {request.method}."
    if error.code in (404, 405) and request.is_json and not _under(*_JSON_PATHS):
        ours.detail = f"There is no such call: the addresses of all calls begin with /api/. {_CALLS}"
    response = answer(ours)
    if error.code == 405 and isinstance(response, Response):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _or(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _code_of(error: HTTPException) -> str:
    return error.name.lower().replace(" ", "_")


def _database_down(error: Exception) -> Any:
    log.warning("database_away", error=type(error).__name__)
    g._login_user = login_manager.anonymous_user()  # the page must not look the user up again
    # Only its answer may be missing: a write that was under way is carried out once it goes on.
    for_page = _NOTHING_SENT if request.method in SAFE else _MAYBE_STORED_BY_FORM
    return answer(errors.DatabaseUnavailable(_MAYBE_STORED if wants_json() else for_page))


def _unexpected(error: Exception) -> Any:
    # The rule, not the path: a path may hold a token.
    log.exception("unexpected_error", path=str(request.url_rule), error=type(error).__name__)
    if gave_up(error):
        return _database_down(error)
    return answer(errors.WabotError("This should not have happened. It was logged under the id below."))
