"""All of /api: JSON in, JSON out, one module a resource. Who asks is said by the header alone, never by the cookie."""

from __future__ import annotations

from flask import Blueprint, Response

bp = Blueprint("api", __name__, url_prefix="/api")

from . import account, admin, admin_users, auth, chats, documents, events, keys, messages, recovery, send, webhooks, whatsapp  # noqa: E402, F401  # each adds its routes to bp


@bp.after_request
def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
