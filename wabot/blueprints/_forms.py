"""Forms without JavaScript: errors beside their fields, the values kept."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import flash, g, request

from ..errors import WabotError

_SECRET_FIELDS = frozenset({"password", "current_password", "csrf_token"})


def values() -> dict[str, str]:
    """What was typed, without passwords; multi-line texts with the line ends people mean."""
    return {name: value.replace("\r\n", "\n") for name, value in request.form.items() if name not in _SECRET_FIELDS}


def field(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n")


def errors_of(error: WabotError) -> dict[str, str]:
    """Texts by field; what belongs to no field as a notice on top. The page is answered with the error's `Retry-After`."""
    g.retry_after = error.retry_after
    if not error.fields:
        flash(error.detail, "error")
    return {name: why[:1].upper() + why[1:] for name, why in error.fields.items()}


def local_path(target: str | None, otherwise: str) -> str:
    """`target` if it is a path on this site, else `otherwise`: a login page must not send people elsewhere."""
    parts = urlsplit(target or "")
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc and "\\" not in target:
        return target
    return otherwise
