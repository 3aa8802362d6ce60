"""Probes: /healthz (the process is alive), /readyz (everything it needs is there)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ._context import services
from ._limits import limits

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> dict[str, bool]:
    return {"ok": True}


@bp.get("/readyz")
def readyz() -> tuple[dict[str, Any], int]:
    checks = services().readiness.checks()
    # Without Redis web goes on, so a balancer must not take it out.
    degraded = ["redis"] if limits().redis_away else []
    return {"checks": checks, "degraded": degraded}, 200 if all(checks.values()) else 503
