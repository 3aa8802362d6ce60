"""Files that are written while they are sent."""

from __future__ import annotations

from flask import Response

from ..services.export import file_name
from ..store.records import User
from ._context import services


def export_of(user: User) -> Response:
    """Everything of this user as a ZIP. Raises Conflict `export_running`."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name(user)}"'}
    return Response(services().exports.of_user(user), mimetype="application/zip", headers=headers)
