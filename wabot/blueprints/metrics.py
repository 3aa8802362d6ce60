"""/metrics, for Prometheus: how this web process answers, and how the installation is doing (docs/administration.md).

With METRICS_TOKEN only who shows it as a bearer token is answered. Without one, which local starts allow, only who asks from this
very machine and not through a proxy.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from typing import cast

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from ..errors import NotFound, Unauthenticated
from ..services import Services
from ._answers import answers
from ._context import services
from .internal import from_this_machine

bp = Blueprint("metrics", __name__)
_EXTENSION = "wabot_metrics"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
"""Seconds; a call with `wait` may take 30."""
_STATUSES = (
    "disconnected", "starting", "qr", "pairing", "authenticating", "connected", "reconnecting", "failed",
)  # fmt: skip


class Meter:
    """The process's own figures, one registry an application."""

    def __init__(self, known: Services) -> None:
        self.registry = CollectorRegistry()
        self.durations = Histogram(
            "wabot_http_request_duration_seconds",
            "Requests answered by this web process, by route, not by address",
            ["route", "method", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(Installation(known))
        self._of: dict[tuple[str, str, str], Histogram] = {}

    def took(self, route: str, method: str, status: str, seconds: float) -> None:
        """The library's own look-up by labels takes three times as long as counting does."""
        labels = (route, method, status)
        if labels not in self._of:
            self._of[labels] = self.durations.labels(*labels)
        self._of[labels].observe(seconds)


class Installation(Collector):
    """What is the same whichever web process is asked."""

    def __init__(self, known: Services) -> None:
        self._services = known

    def describe(self) -> list[Metric]:
        """Nothing is read when the registry only wants the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        measured = self._services.measurements.current()
        up = GaugeMetricFamily("wabot_up", "Whether this part answers", labels=["process"])
        for process, alive in measured.up.items():
            up.add_metric([process], float(alive))
        yield up
        refused = CounterMetricFamily("wabot_limits_refused", "Refused by a rate limit, in this process", labels=["limit"])
        for limit, count in measured.refused.items():
            refused.add_metric([limit], count)
        yield refused
        if measured.queued is None:
            return
        sessions = GaugeMetricFamily("wabot_sessions", "WhatsApp sessions by status", labels=["status"])
        for status in _STATUSES:
            sessions.add_metric([status], measured.sessions.get(status, 0))
        yield sessions
        messages = CounterMetricFamily("wabot_messages", "Messages that passed this state", labels=["state"])
        for state, count in measured.messages.items():
            messages.add_metric([state], count)
        yield messages
        yield GaugeMetricFamily("wabot_queued_messages", "Messages waiting to be sent, up to 1000 a session", measured.queued)


def init_app(app: Flask) -> None:
    app.extensions[_EXTENSION] = Meter(app.extensions["wabot"])
    app.before_request(_begin)
    app.after_request(_end)


@bp.get("/metrics")
@answers({200: "text/plain"}, ["unauthenticated", "not_found"])
def metrics() -> Response:
    """Get figures for Prometheus. With `METRICS_TOKEN` set, it is needed as a bearer token; without, only this machine is answered."""
    _check()
    return Response(generate_latest(_meter().registry), content_type=CONTENT_TYPE_LATEST)


def _check() -> None:
    """Raises Unauthenticated with a token set, NotFound without one."""
    token = services().settings.metrics_token
    if token is None:
        if not from_this_machine():
            raise NotFound
        return
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Unauthenticated("METRICS_TOKEN is needed as a bearer token.")


def _begin() -> None:
    g.begun_at = time.perf_counter()


def _end(response: Response) -> Response:
    """Routes are as many as the URL map has; what matches none is one."""
    if "begun_at" in g:
        rule = request.url_rule
        route, method = (rule.rule, request.method) if rule else ("none", "any")
        _meter().took(route, method, f"{response.status_code // 100}xx", time.perf_counter() - g.begun_at)
    return response


def _meter() -> Meter:
    return cast(Meter, current_app.extensions[_EXTENSION])
