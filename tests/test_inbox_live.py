"""Messages that come in while processes are killed: all of them in the inbox, once, in order; and their files."""

from __future__ import annotations

import base64
import threading

from tests.support.api import Api
from tests.support.owner import Owner
from tests.support.waiting import wait_until

ME, FRIEND = "+15550100951", "+15550100952"
WITHIN = 60.0


def in_inbox(user: Api) -> list[str]:
    """The friend's messages as the inbox has them, oldest first."""
    chats = user.get("/api/chats", params={"q": FRIEND}).json()["items"]
    found: list[str] = []
    cursor = None
    while chats:
        query = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = user.get(f"/api/chats/{chats[0]['id']}/messages", params=query).json()
        found += [one["message"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return found[::-1]


def test_five_hundred_messages_while_web_restarts(unharmed: Owner) -> None:
    stack = unharmed.stack
    user = Api(stack, "much").register()
    user.link(ME)
    stack.sandbox("PUT", f"/phones/{FRIEND}", name="Friend")
    wanted = [f"message {n:03}" for n in range(500)]
    written = [0]

    def write() -> None:
        for body in wanted:
            stack.sandbox("POST", f"/phones/{FRIEND}/send", to=ME, text=body)
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    for program, after in (("web", 100), ("web", 250), ("gateway", 350)):
        wait_until(lambda after=after: written[0] >= after, WITHIN, f"{after} are written")  # type: ignore[misc]
        stack.kill(program)
    writer.join(WITHIN)
    assert written[0] == 500
    wait_until(lambda: len(in_inbox(user)) >= 500, WITHIN, "all are in the inbox")
    assert in_inbox(user) == wanted
    [chat] = user.get("/api/chats").json()["items"]
    assert (chat["unread"], chat["name"], chat["phone"]) == (500, "Friend", FRIEND)
    user.wait_for_status("connected")

    content = bytes(range(256)) * 1500
    stack.sandbox("POST", f"/phones/{FRIEND}/send", to=ME, media=base64.b64encode(content).decode(), mimetype="application/zip")

    def file() -> bytes | None:
        [chat] = user.get("/api/chats").json()["items"]
        media = chat["last_message"].get("media")
        if not media or media["status"] != "stored":
            return None
        answer = user.get(media["url"])
        assert answer.headers["Content-Disposition"].startswith("attachment")
        return answer.content

    assert wait_until(file, 30, "the file is here") == content
    user.disconnect()
