"""Structured logs: one JSON object a line. Secrets are never passed to a log call, and what looks like one is cut out."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, cast

import structlog

_SECRET = re.compile(
    r"wb_[0-9a-f]{8}_[\w-]{20,}|\.?eyJ[\w-]+\.[\w-]+\.[\w-]+|\.eJ[\w-]+\.[\w-]+\.[\w-]+|(?<=/reset/)[\w.-]+|(?<=/confirm/)[\w.-]+|whsec_[\w+/=-]+|(?<=api_key=)[^&\s\"']+"
)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))


def configure(program: str) -> None:
    """Once a process. Everything the standard library logs goes the same way."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    renderers: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=renderers))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for noisy in ("flask-limiter", "werkzeug", "engineio", "socketio", "urllib3", "pymongo"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Without levels of their own these would write their lines a second time, each in its own shape.
    for own in ("engineio.server", "socketio.server"):
        logging.getLogger(own).setLevel(logging.ERROR)
    structlog.contextvars.bind_contextvars(program=program)


def _without_secrets(_: Any, __: str, event: Any) -> Any:
    """The last line of defence, for texts of exceptions and other people's log lines."""
    return {name: _SECRET.sub("[secret]", value) if isinstance(value, str) else value for name, value in event.items()}
