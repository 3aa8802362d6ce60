"""Every page there is, taken from the URL map, so that a new one can't be forgotten; and an example of each that has a name in its address."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from flask import Blueprint, Flask

from tests.support.api import Api
from wabot import plugins

NO_PAGE = {
    "admin.export", "account.export", "messages.export", "inbox.media", "docs.picture",  # files
    "admin.session_list", "admin.settings_limits", "sandbox.screen", "inbox.unread",  # parts of pages
    "health.healthz", "health.readyz", "metrics.metrics",
}  # fmt: skip
MORE = {
    "public": ["/no-such-page", "/forgot?sent=1", "/confirm?sent=1"],
    "user": [
        "/messages?q=nothing+like+it",
        "/messages?to=0143&since=2026-13-45",
        "/whatsapp/initialize",
        "/inbox?q=nobody",
        "/messages/new?to=12&message=*bold*",
    ],
    "admin": ["/admin/users?state=disabled&q=nobody", "/admin/sessions?state=off&q=nobody"],
}
"""States of pages that have an address of their own."""
PUBLIC = {
    "home.landing", "auth.login", "auth.register", "recovery.forgot", "recovery.confirmation", "styleguide.parts",
    "reference.index", "reference.call", "docs.index", "docs.document",
}  # fmt: skip
EMPTY = ["/dashboard", "/whatsapp", "/messages", "/messages/new", "/inbox", "/keys", "/webhooks", "/sandbox"]
"""Pages that look different for somebody who has nothing yet."""


@dataclasses.dataclass(frozen=True)
class Examples:
    """Ids of things of the user whose pages are looked at."""

    user: str
    message: str
    chat: str
    endpoint: str
    delivery: str

    def path(self, rule: str) -> str:
        """Raises KeyError for a page whose address names something new: say an example of it here."""
        names = {"user_id": self.user, "message_id": self.message, "chat_id": self.chat, "endpoint_id": self.endpoint}
        names |= {"delivery_id": self.delivery, "token": "used", "name": "security", "operation_id": "send_message"}
        return rule.replace("<", "{").replace(">", "}").format_map(names)


def pages(who: str, examples: Examples) -> list[str]:
    """Addresses for `who`: public, user or admin."""
    found = [examples.path(rule) for rule, endpoint in _rules() if _audience(rule, endpoint) == who]
    return [*found, *MORE[who]]


def examples_of(user: Api) -> Examples:
    """Makes what is missing: a webhook with a delivery. The user needs a message, and a chat with somebody."""
    made = user.get("/api/webhooks").json()["items"]
    endpoint = (
        made[0]
        if made
        else user.post("/api/webhooks", {"url": "https://hooks.example.com/wabot", "events": ["message.sent"]}).json()
    )
    return Examples(
        user=user.get("/api/auth/me").json()["user"]["id"],
        message=_message(user),
        chat=user.get("/api/chats").json()["items"][0]["id"],
        endpoint=endpoint["id"],
        delivery=_delivery(user, endpoint["id"]),
    )


def _message(user: Api) -> str:
    """One that was read, if there is any: its page has the most to show."""
    found = [one for query in ("&status=read", "") for one in user.get(f"/api/messages?limit=1{query}").json()["items"]]
    return str(found[0]["id"])


def _delivery(user: Api, endpoint: str) -> str:
    path = f"/api/webhooks/{endpoint}"
    known = user.get(f"{path}/deliveries").json()["items"]
    return str((known[0] if known else user.post(f"{path}/test", {"event": "message.sent"}).json())["id"])


def _audience(rule: str, endpoint: str) -> str:
    if endpoint in PUBLIC or "<token>" in rule:
        return "public"
    return "admin" if rule.startswith("/admin") else "user"


def _rules() -> Iterator[tuple[str, str]]:
    """(rule, endpoint) of every page."""
    app = Flask("wabot")
    for module in plugins._modules():
        if isinstance(getattr(module, "bp", None), Blueprint):
            app.register_blueprint(module.bp)
    for one in sorted(app.url_map.iter_rules(), key=str):
        api = str(one).startswith(("/api/", "/internal/", "/static/")) and not str(one).startswith("/api/docs")
        if "GET" in (one.methods or ()) and not api and one.endpoint not in NO_PAGE:
            yield str(one), one.endpoint
