"""No request meets a database without its indexes. If the database was away when web started, the first request prepares it.

Until then it answers 503, as for a database that went away later. Probes and figures answer as they can.
"""

from __future__ import annotations

from flask import Flask, request

from ._context import services

_ANSWER_ALWAYS = frozenset({"static", "health.healthz", "health.readyz", "metrics.metrics"})


def init_app(app: Flask) -> None:
    app.before_request(_prepare)


def _prepare() -> None:
    if request.endpoint not in _ANSWER_ALWAYS:
        services().preparation.ensure()
