"""Probes: /healthz (the process is alive), /readyz (everything it needs is there)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ._context import services

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> dict[str, bool]:
    return {"ok": True}


@bp.get("/readyz")
def readyz() -> tuple[dict[str, Any], int]:
    checks = services().readiness.checks()
    return {"checks": checks}, 200 if all(checks.values()) else 503
