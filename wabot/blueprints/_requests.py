"""What every request goes through first.

It gets an id, which is answered in `X-Request-ID`, stands in every log line and error, and goes along to the other processes.
And nothing is taken for what it may not mean: JSON is read by the letter, no name counts twice, and text is UTF-8 or refused.
"""

from __future__ import annotations

import json
import math
import random
import re
import string
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import structlog
from flask import Flask, Request, Response, g, request
from flask.json.provider import DefaultJSONProvider

from ..errors import Invalid, MalformedRequest, TooLarge
from ..words import N_, Text

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LOST = "\ufffd"
"""What Werkzeug puts for bytes of a multipart form that aren't UTF-8."""


def init_app(app: Flask) -> None:
    app.json = StrictJSON(app)
    app.before_request(_begin)
    app.after_request(_end)


class WholeRequest(Request):
    """One whose body breaks off before its length is answered with 400: half a form would be half a message."""

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        if environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ:
            environ.pop("wsgi.input_terminated", None)  # or Werkzeug would take the end of the connection for that of the body
        super().__init__(environ, *args, **kwargs)


class StrictJSON(DefaultJSONProvider):
    """JSON as RFC 8259 has it; what is nested too deep to be read is refused, too."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Raises ValueError, which Flask answers with 400, and Invalid for a name that is given twice."""
        try:
            return json.loads(s, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=once, **kwargs)
        except RecursionError as error:
            raise ValueError("too deep") from error


def once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """By name. Raises Invalid for one that is given twice: whichever was taken, somebody may have meant the other."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found and found[name] != value:
            raise Invalid.field(name[:100], "is given twice")
        found[name] = value
    return found


def refuse_garbled() -> None:
    """Raises MalformedRequest, which names the field, for a query or form in another encoding than UTF-8: Werkzeug leaves such
    bytes as `%E1`, or loses them. Before the form is first asked for."""
    body = request.get_data(cache=True)
    if request.mimetype == "application/x-www-form-urlencoded":
        _refuse_garbled(body)
    elif request.mimetype == "multipart/form-data" and _LOST.encode() not in body:
        _refuse_first(name for name, value in request.form.items() if _LOST in value)
    _refuse_garbled(request.query_string)


def _refuse_garbled(pairs: bytes) -> None:
    named = (pair.partition(b"=") for pair in pairs.split(b"&"))
    _refuse_first(name.decode(errors="replace") for name, _, value in named if not _is_utf8(unquote_to_bytes(name + value)))


def _refuse_first(names: Iterator[str]) -> None:
    for name in names:
        why = N_("is not in UTF-8")
        raise MalformedRequest(Text("%(field)s: %(why)s", field=name, why=why), fields={name: why})


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse(digits)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _GIVEN.fullmatch(given) else random.randbytes(12).hex()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(program="web", correlation_id=g.request_id)
    _check_size()
    if not request.query_string.isascii():  # as browsers write it: Werkzeug fails at bytes that aren't UTF-8
        request.query_string = quote(request.query_string, safe=string.punctuation).encode()


def _check_size() -> None:
    """A body that doesn't say its length is cut off at the limit by Werkzeug, and would be taken for whole. Raises TooLarge."""
    if "Transfer-Encoding" not in request.headers:
        return
    limit = request.max_content_length
    if limit is not None and len(request.get_data()) >= limit:
        raise TooLarge


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    return response
