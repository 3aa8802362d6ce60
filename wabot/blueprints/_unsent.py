"""The page for a form that couldn't be accepted, for example because the login has ended. It says why, and keeps what was typed."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from ..words import N_
from ._forms import sent_fields
from ._pages import page_above

_TEXTS = {
    "to": N_("To"), "message": N_("Message"), "text": N_("Message"), "name": N_("Name"), "email": N_("Email"), "url": N_("Address"),
    "description": N_("Description"), "number": N_("Number"), "phone": N_("Number"), "send_at": N_("When"),
}  # fmt: skip
"""What people type, by the names of fields. What isn't named here isn't shown: it may be a secret, or means nothing to a reader."""
_WORDS = {
    "unauthenticated": {
        "title": N_("Your login has ended"),
        "detail": N_("Nothing was done with what you sent. Log in, then do it again."),
    },
    "csrf": {"title": N_("Not done yet")},
}
_FOR_NOW = frozenset({"csrf", "database_unavailable", "gateway_unavailable", "unavailable", "rate_limited"})
"""What the same form may be taken after."""
_MESSAGES = frozenset({"messages.compose", "inbox.reply"})
"""Without a token nobody knows who made a form: only what is seen whole, and goes no further than a message, is offered to be sent."""


def page(problem: dict[str, Any]) -> str:
    """It may be sent again from here when there is something to be seen of it, and nothing was left out."""
    fields, secrets_left_out = sent_fields()
    texts = [(label, value) for name, label in _TEXTS.items() for given, value in fields if given == name and value.strip()]
    known = problem["code"] != "csrf" or request.endpoint in _MESSAGES
    again = bool(texts) and known and problem["code"] in _FOR_NOW and not secrets_left_out
    words = {**problem, **_WORDS.get(problem["code"], {})}
    return render_template("unsent.html", **words, texts=texts, fields=fields if again else [], page=page_above(request.path))
