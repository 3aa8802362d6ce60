"""Forms without JavaScript: errors beside their fields, the values kept."""

from __future__ import annotations

import re

from flask import flash, g, request

from ..errors import Invalid, WabotError
from ._languages import gettext as _

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
"""A path of ours: browsers take `//` and `/\\` for another host, and drop tabs and line ends before they look."""
_SECRET_FIELDS = frozenset({"password", "current_password", "csrf_token"})
_MORE_SECRETS = _SECRET_FIELDS | {"otp", "secret"}


def values() -> dict[str, str]:
    """What was typed, without passwords; multi-line texts with the line ends people mean."""
    return {name: value.replace("\r\n", "\n") for name, value in request.form.items() if name not in _SECRET_FIELDS}


def sent_fields() -> tuple[list[tuple[str, str]], bool]:
    """Every field as it was sent, also those of one name, without secrets; and whether any secret was left out."""
    fields = [(name, value.replace("\r\n", "\n")) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    open_ones = [(name, value) for name, value in fields if name not in _MORE_SECRETS or not value]
    return open_ones, open_ones != fields


def field(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n")


def chosen(name: str) -> list[str]:
    """The values of the check boxes of that name. Raises Invalid when there is none, in words of a form, not of the API."""
    if not (found := request.form.getlist(name)):
        raise Invalid.field(name, "choose at least one")
    return found


def errors_of(error: WabotError, *, otherwise: str = "") -> dict[str, str]:
    """Texts by field; what belongs to no field as a notice on top, or beside the field `otherwise`. The page is answered with the
    error's `Retry-After`."""
    g.retry_after = error.retry_after
    fields = error.fields or ({otherwise: error.detail} if otherwise else {})
    if not fields:
        flash(_(error.detail), "error")
    texts = {name: _(why) for name, why in fields.items()}
    return {name: text[:1].upper() + text[1:] for name, text in texts.items()}


def local_path(target: str | None, otherwise: str) -> str:
    """`target` if it is a path on this site, else `otherwise`: a login page must not send people elsewhere."""
    return target if target and _LOCAL.fullmatch(target) else otherwise
