"""Who acts, from where: for the audit log."""

from __future__ import annotations

from flask import request

from ...services.audit import Audited
from .._context import page_user


def audited() -> Audited:
    return Audited(page_user(), request.remote_addr or "")
