"""Reading requests: who asks, with which scope, and bodies and queries checked by Pydantic models."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, TypeVar, cast

from flask import g, request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ...errors import Forbidden, Invalid, MalformedRequest, Unauthenticated, WabotError
from ...lib.clock import from_rfc3339
from ...lib.wrong_fields import in_words, wrong_fields
from ...services.audit import Audited
from ...services.identity import Caller
from ...services.user_administration import NO_PLACE
from ...store.ids import parse
from ...words import Text
from .._answers import answers_of
from .._context import services
from .._limits import limits
from .._requests import once
from .._security import SAFE

M = TypeVar("M", bound=BaseModel)
V = TypeVar("V", bound=Callable[..., Any])


_READERS = frozenset({"body", "body_alone"})
_LOST_PLUS = re.compile(r"T[0-9:.]+ [0-9]{2}:?[0-9]{2}$")
"""What becomes of `T12:00:00+02:00` in an address."""
_WHERE = "Say who you are: an API key or login token is needed, in the header Authorization: Bearer … or X-API-Key: …"
_WHERE_AT_SEND = f"{_WHERE}, or an API key as the parameter api_key"


def _time(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            return from_rfc3339(value)
        except ValueError:
            pass
        if _LOST_PLUS.search(value):
            raise ValueError("has a blank for the + of its zone: write %2B in an address, or the time in Z")
    raise ValueError("is not a time with its zone, such as 2030-01-31T12:00:00Z")


Time = Annotated[datetime, BeforeValidator(_time)]


class Body(BaseModel):
    """Base of all bodies and queries: unknown fields are refused, strings are strings."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


Cursor = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
Limit = Annotated[int, Field(ge=1, le=200)]


class PageQuery(Body):
    """Of a list that is read page by page."""

    cursor: Cursor | None = None
    """`next_cursor` of the page before."""
    limit: Limit = 50


class ListQuery(Body):
    """Of a list that is bounded and read whole."""

    cursor: Annotated[str, Field(max_length=100)] | None = None
    """`next_cursor` of the page before."""
    limit: Limit = 200

    def page(self, items: list[dict[str, Any]], by: str, *, newest_first: bool = False) -> dict[str, Any]:
        """One page of `items`, which are sorted by their field `by`; that is the cursor, so that what goes meanwhile doesn't matter.

        Raises Invalid.
        """
        cursor = self.cursor
        if cursor is not None and by == "id" and parse(cursor) is None:
            raise Invalid.field("cursor", NO_PLACE)
        if cursor is not None:
            items = [one for one in items if (one[by] < cursor if newest_first else one[by] > cursor)]
        page = items[: self.limit]
        return {"items": page, "next_cursor": page[-1][by] if len(items) > len(page) else None}


def caller() -> Caller:
    """Whoever the credential of this request belongs to; only behind `needs`."""
    found: Caller = g.api_caller
    return found


def audited() -> Audited:
    """Who acts, from where: for the audit log."""
    return Audited(caller().user, request.remote_addr or "")


def needs(scope: str | None = None, *, login: bool = False, admin: bool = False, query_key: bool = False) -> Callable[[V], V]:
    """The view needs a credential with `scope`; `login`: a login token, no key; `query_key`: also `?api_key=`. Where the document
    shows no body none is taken."""

    def decorate(view: V) -> V:
        bodiless = not _takes_body(view)

        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            g.api_caller = _identify(query_key)
            limits().api(g.api_caller.user)
            _allow(g.api_caller, scope, login=login or admin, admin=admin)
            if bodiless and request.method not in SAFE:
                check(Body, json_body())
            return view(*args, **kwargs)

        checked.api_needs = {  # type: ignore[attr-defined]
            "scope": scope, "login": login or admin, "admin": admin, "query_key": query_key,
        }  # fmt: skip
        return cast(V, checked)

    return decorate


def _takes_body(view: Callable[..., Any]) -> bool:
    """As the OpenAPI document has it; of a view that says nothing of itself anything may be true."""
    said = answers_of(view)
    return said is None or said.takes is not None or not _READERS.isdisjoint(inspect.unwrap(view).__code__.co_names)


def body(model: type[M]) -> M:
    """The JSON body as `model`. Raises MalformedRequest (not JSON at all) or Invalid (which field, and why)."""
    return check(model, body_alone())


def body_alone() -> dict[str, Any]:
    """The JSON body; the address has no parameters then. Raises MalformedRequest and Invalid."""
    given = json_body()
    if request.args:
        raise Invalid.field(next(iter(request.args))[:100], "must stand in the body, as JSON")
    return given


def json_body() -> dict[str, Any]:
    """Nothing where there is none. Raises MalformedRequest, and Invalid for what is no object."""
    raw = request.get_data(cache=True)
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise MalformedRequest("Send the body as JSON, with Content-Type: application/json.", code="not_json")
    refuse_packed()
    values = request.get_json(silent=True)
    if values is None and raw.strip() != b"null":
        raise MalformedRequest("The body is not valid JSON.", code="malformed_json")
    if not isinstance(values, dict):
        raise Invalid("The body must be a JSON object.")
    return values


def refuse_packed() -> None:
    """Raises MalformedRequest."""
    if request.content_encoding not in (None, "", "identity"):
        raise MalformedRequest("Send the body uncompressed: a Content-Encoding is not accepted.", code="not_json")


def idempotency_key(parameter: str | None = None) -> str | None:
    """Of the header, or of the parameter. Raises Invalid for one without content, since a variable that wasn't set would have everything
    sent twice, and for two."""
    given = [one for one in (_key_header(), parameter) if one is not None]
    if any(not one.strip() for one in given):
        raise Invalid.field("idempotency_key", "is empty")
    if len(set(given)) > 1:
        raise Invalid.field("idempotency_key", "is given twice")
    return given[0] if given else None


def _key_header() -> str | None:
    """Programs write a header in UTF-8 or in Latin-1; WSGI hands out its bytes as Latin-1."""
    key = request.headers.get("Idempotency-Key")
    try:
        return key and key.encode("latin-1").decode()
    except UnicodeDecodeError:
        return key


def query(model: type[M]) -> M:
    """The query string as `model`; numbers are read from their digits."""
    return check(model, once(request.args.items(multi=True)), strict=False)


def check(model: type[M], values: Mapping[str, Any], *, strict: bool | None = None) -> M:
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        fields = wrong_fields(error, model.model_fields)
        raise Invalid(in_words(fields), fields=fields) from error


def _identify(query_key: bool) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    ours = scheme.lower() == "bearer"
    if ours and token.strip():
        return services().identity.by_bearer(token.strip())
    key = (None if ours else request.headers.get("X-API-Key")) or (_query_key() if query_key else None)
    if not key:
        raise Unauthenticated(_WHERE_AT_SEND if query_key else _WHERE)
    return _by_key(key)


def _by_key(credential: str) -> Caller:
    """Where keys stand a login token is taken, too; what is neither was meant to be a key."""
    try:
        return services().identity.by_bearer(credential)
    except Unauthenticated as error:
        raise Unauthenticated("The API key is unknown, revoked or expired.", code="invalid_api_key") from error


def _query_key() -> str | None:
    """Of the address or the body, be it a form or JSON."""
    return request.values.get("api_key") or (_json_key() if request.method == "POST" else None)


def _json_key() -> str | None:
    try:
        key = json_body().get("api_key")
    except WabotError:  # who may not ask isn't told what is wrong with it
        return None
    return key if isinstance(key, str) else None


def _allow(found: Caller, scope: str | None, *, login: bool, admin: bool) -> None:
    if (login or admin) and found.key is not None:
        raise Forbidden("This call takes a login token, not an API key.", code="login_required")
    if admin and not found.user.is_admin:
        raise Forbidden("Only administrators may do this.")
    if admin and services().second_factor.missing(found.user):
        why = "This wabot requires a second factor for administrators: set one up under /settings/second-factor."
        raise Forbidden(why, code="second_factor_required")
    if scope and scope not in found.scopes:
        raise Forbidden(Text("The API key lacks the scope %(scope)s.", scope=repr(scope)), code="missing_scope")
