"""The page for a form that came from a page of another login, or of one that has ended: nothing is done, nothing typed is lost."""

from __future__ import annotations

from flask import render_template, request

from ..words import N_
from ._forms import sent_fields
from ._pages import page_above

_TEXTS = {
    "to": N_("To"), "message": N_("Message"), "text": N_("Message"), "name": N_("Name"), "email": N_("Email"), "url": N_("Address"),
    "description": N_("Description"), "number": N_("Number"), "phone": N_("Number"), "send_at": N_("When"),
}  # fmt: skip
"""What people type, by the names of fields. What isn't named here isn't shown: it may be a secret, or means nothing to a reader."""


def page(status: int, why: str) -> str:
    """It may be sent again from here when all it says is seen here, and nothing was left out of it."""
    fields, secrets_left_out = sent_fields()
    texts = [(label, value) for name, label in _TEXTS.items() for given, value in fields if given == name and value.strip()]
    again = bool(texts) and status != 401 and not secrets_left_out
    return render_template(
        "unsent.html", status=status, why=why, texts=texts, fields=fields if again else [], page=page_above(request.path)
    )
