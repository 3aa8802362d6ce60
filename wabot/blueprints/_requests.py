"""An id for every request: answered in `X-Request-ID`, in every log line and error, and passed on to the other processes."""

from __future__ import annotations

import json
import math
import random
import re
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider

from ..errors import TooLarge

_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


def init_app(app: Flask) -> None:
    app.json = StrictJSON(app)
    app.before_request(_begin)
    app.after_request(_end)


class StrictJSON(DefaultJSONProvider):
    """JSON as RFC 8259 has it; what is nested too deep to be read is refused, too."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Raises ValueError, which Flask answers with 400."""
        try:
            return json.loads(s, parse_constant=_refuse, parse_float=_finite, **kwargs)
        except RecursionError as error:
            raise ValueError("too deep") from error


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
