"""A wabot as it looks after some weeks of use: a shop's session, chats, messages in every state, keys, a webhook, figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pymongo import MongoClient

from wabot.store.counters import ALL, Counters

from .api import Api
from .stack import Stack

SHOP = "+12025550143"
FRIENDS = [("+12025550161", "Ana Souza"), ("+12025550162", "Kim Park"), ("+12025550163", "Lena Vogt")]
SAID = ["Is my order ready? 😊", "Can I come at *six*?", "Thank you!"]
WRITTEN = [
    "Your order *A-1042* is ready. You can pick it up until 19:00.",
    "Hi Kim, your table for two is booked for tomorrow, 19:30. See you then!",
    "Code: ```482 913```. It is good for ten minutes.",
    "Reminder: your appointment is on Friday at 9:00. Answer _move_ to choose another day.",
    "We have packed your parcel: https://example.com/t/8842",
    "Thank you for your visit 🙏",
]
DAYS = 30


def furnish(stack: Stack, administrator: Api) -> Api:
    """The user whose pages are worth showing, with a linked session."""
    robin = Api(stack, "robin").register()
    robin.link(SHOP)
    _correspond(stack, robin)
    robin.key("send", "read", name="Shop backend")
    robin.key("read", name="Monthly report")
    robin.initialize("support", network="sandbox")
    for name in ("kim", "lena", "ana"):
        Api(stack, name).register()
    _count(stack, robin)
    assert administrator.get("/api/admin/users").ok
    return robin


def _correspond(stack: Stack, robin: Api) -> None:
    for (number, name), text in zip(FRIENDS, SAID, strict=True):
        stack.sandbox("PUT", f"/phones/{number}", name=name)
        stack.sandbox("POST", f"/phones/{number}/send", to=SHOP, text=text)
    sent = [robin.send(FRIENDS[at % len(FRIENDS)][0], text) for at, text in enumerate(WRITTEN)]
    sent += [robin.send(f"+1202557{1000 + at}", text) for at, text in enumerate(WRITTEN * 2)]
    for one in sent:
        robin.wait_for_message(one["id"], "delivered", "read")
    stack.sandbox("POST", f"/phones/{FRIENDS[0][0]}/read")
    robin.wait_for_message(robin.send("+4930123456", "To a number without WhatsApp")["id"], "failed")
    later = {"send_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    answer = robin.post("/api/messages/send", {"to": FRIENDS[1][0], "message": "Your table is ready in an hour.", **later})
    assert answer.ok, answer.text


def _count(stack: Stack, robin: Api) -> None:
    """Figures of days that are over: nobody can wait for them."""
    me = str(robin.get("/api/auth/me").json()["user"]["id"])
    port = Path(stack.data, "run", "db.port").read_text(encoding="utf-8").strip()
    with MongoClient(f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites=false") as client:
        counters = Counters(client["wabot"])
        for ago in range(1, DAYS):
            day = f"{datetime.now(UTC) - timedelta(days=ago):%Y%m%d}"
            sent = 40 + ago * 37 % 70
            by = {"accepted": sent + ago % 4, "sent": sent, "delivered": sent - ago % 6, "read": sent // 2}
            by |= {"failed": ago % 4, "received": sent // 4}
            counters.add(me, day, by)
            counters.add(ALL, day, {**by, "active": 2 + ago % 3})
