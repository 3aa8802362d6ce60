"""Probes: /healthz (the process is alive), /readyz (everything it needs is there)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ._answers import answers
from ._context import services
from ._limits import limits
from ._shapes.admin import Alive, Readiness

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@answers({200: Alive})
def healthz() -> dict[str, bool]:
    """Is the web process alive?"""
    return {"ok": True}


@bp.get("/readyz")
@answers({200: Readiness, 503: Readiness})
def readyz() -> tuple[dict[str, Any], int]:
    """Is everything there that is needed? It answers 503 while something is missing; the process itself keeps running."""
    checks = services().readiness.checks()
    # Without Redis web goes on, so a balancer must not take it out.
    degraded = ["redis"] if limits().redis_away else []
    return {"checks": checks, "degraded": degraded}, 200 if all(checks.values()) else 503
