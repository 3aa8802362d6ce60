"""The gateway's two calls for messages (docs/internals.md), answered by a plan: what real engines do seldom, as often as wanted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class PlannedEngine:
    """`plan` holds what is answered for a text, one after the other, and then it is sent: `refused:<code>`, or `lost:<code>`
    and `sent:<code>` for an error with the message not gone out, and gone out all the same.

    `went` are the texts that arrived, in their order. `blind`: nothing can be looked up; `hidden`: nor these texts, with what
    is answered for each. `chooses_ids`: else WhatsApp gives them
    ids of its own. `sizes` are those of the batches; `acks`, what is found has one after the other, then always `sent`.
    `unreadable`: texts for which a whole call is refused, as for a field that breaks the schema. `swallows`: texts whose first try
    the page takes and then loses, dying. `sends_again`: it looks up by sending once more under the same id, as the light engine does.
    `meanwhile` is called with the number of each batch, from 1, before anything of it goes.
    """

    def __init__(self) -> None:
        self.plan: dict[str, list[str]] = {}
        self.went: list[str] = []
        self.ids: set[str] = set()
        self.claims: list[int] = []
        self.blind = False
        self.hidden: dict[str, str] = {}
        self.chooses_ids = True
        self.own_ids: list[tuple[str, str]] = []
        self.sizes: list[int] = []
        self.acks: list[str] = []
        self.unreadable: set[str] = set()
        self.swallows: set[str] = set()
        self.sends_again = False
        self.meanwhile: Callable[[int], object] = lambda _: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def batch(self, body: dict[str, Any]) -> dict[str, Any]:
        self.claims.append(body["claim"]["epoch"])
        self.sizes.append(len(body["messages"]))
        self.meanwhile(len(self.sizes))
        results: list[dict[str, str]] = []
        for message in body["messages"]:
            results.append(self._one(message))
            if results[-1].get("code") not in (None, "not_on_whatsapp"):
                break
        return {"results": results}

    def find(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.sends_again and body["wa_message_id"] not in self.ids:
            self.went.append(body["body"])
            self.ids.add(body["wa_message_id"])
        found = body["wa_message_id"] in self.ids
        ack = self.acks.pop(0) if self.acks else "sent"
        alike = [{"wa_message_id": one, "ack": ack} for one, text in self.own_ids if text == body["body"]]
        return {"found": True, "wa_message_id": body["wa_message_id"], "ack": ack} if found else {"found": False, "alike": alike}

    def _one(self, message: dict[str, str]) -> dict[str, str]:
        if message["body"] in self.swallows:
            self.swallows.remove(message["body"])
            return {"wa_message_id": message["wa_message_id"], "ack": "pending"}
        steps = self.plan.get(message["body"], [])
        what, _, code = (steps.pop(0) if steps else "sent:").partition(":")
        if what == "sent":
            self.went.append(message["body"])
            self._give_id(message)
        if code:
            return {"code": code, "detail": ""}
        return {"wa_message_id": message["wa_message_id"] if self.chooses_ids else self.own_ids[-1][0], "ack": "pending"}

    def _give_id(self, message: dict[str, str]) -> None:
        if self.chooses_ids:
            self.ids.add(message["wa_message_id"])
        else:
            self.own_ids.append((f"3EB0FFFF{len(self.own_ids):04}", message["body"]))

    def _handler(engine) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                find = self.path.endswith("/find")
                if find and (engine.blind or body["body"] in engine.hidden):
                    code = engine.hidden.get(body["body"], "session_not_connected")
                    self._answer(409, {"code": code, "detail": "", "status": 409})
                elif not find and any(one["body"] in engine.unreadable for one in body["messages"]):
                    self._answer(422, {"code": "invalid_body", "detail": "", "status": 422})
                else:
                    self._answer(200, engine.find(body) if find else engine.batch(body))

            def _answer(self, status: int, shape: dict[str, Any]) -> None:
                text = json.dumps(shape).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler
