"""Client of the sandbox's control API: the virtual phones that stand in for WhatsApp."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from ..errors import Conflict, Invalid, NotFound, Unavailable, WabotError
from ..words import N_
from .loopback import LoopbackClient, Problem, Unreachable

TIMEOUT = 5.0
_ERRORS: dict[int, type[WabotError]] = {404: NotFound, 409: Conflict, 422: Invalid}
_WORDS = {
    "too_many_phones": N_("The sandbox has as many phones as it can hold."),
    "too_many_devices": N_("This phone has no room for another linked device."),
    "qr_stale": N_("This code is no longer valid: use the one that is shown now."),
    "qr_foreign": N_("This code was not made by this sandbox."),
    "code_foreign": N_("No device asks to be linked with this code to this number."),
    "code_stale": N_("This code is no longer valid: use the one that is shown now."),
    "device_gone": N_("The device went away before it was linked: try again."),
}
"""What a person at the pages may be told, in words that are translated; the rest is for programs."""


class Sandbox:
    """Numbers are E.164. Raises NotFound, Conflict, Invalid as the sandbox answers, Unavailable when it is away."""

    def __init__(self, client: LoopbackClient) -> None:
        self._client = client

    def alive(self) -> bool:
        return self._client.alive()

    def add_phone(self, number: str, name: str) -> dict[str, Any]:
        """Without a name it is called by its number."""
        return dict(self._call("PUT", _phone(number), {"name": name.strip()} if name.strip() else {}))

    def phone(self, number: str) -> dict[str, Any]:
        """{number, name, lid, devices: [{id, linked_at, online}]}."""
        return dict(self._call("GET", _phone(number)))

    def chats(self, number: str) -> list[dict[str, Any]]:
        """[{with, name, unread, messages: [{id, from_me, body, at, ack}]}], bounded by the sandbox; `ack` is -1 to 3."""
        answer = self._call("GET", _phone(number) + "/chats")
        return list(answer["items"] if isinstance(answer, dict) else answer)

    def scan_picture(self, number: str, png: bytes) -> None:
        self._call("POST", _phone(number) + "/scan", {"image": base64.b64encode(png).decode()})

    def enter_code(self, number: str, code: str) -> None:
        self._call("POST", _phone(number) + "/scan", {"code": code})

    def unlink(self, number: str) -> None:
        self._call("POST", _phone(number) + "/unlink")

    def write(self, number: str, to: str, text: str) -> None:
        self._call("POST", _phone(number) + "/send", {"to": to, "text": text})

    def read(self, number: str, message_id: str | None = None) -> None:
        """A read receipt for one message, or for everything that arrived."""
        self._call("POST", _phone(number) + "/read", {"id": message_id} if message_id else {})

    def _call(self, method: str, path: str, body: object = None) -> Any:
        try:
            return self._client.call(method, path, body, timeout=TIMEOUT)
        except Unreachable as error:
            raise Unavailable("The sandbox doesn't answer; it is being restarted.", code="sandbox_unavailable") from error
        except Problem as problem:
            kind = _ERRORS.get(problem.status, Unavailable)
            raise kind(_WORDS.get(problem.code, problem.detail), code=problem.code) from problem


def _phone(number: str) -> str:
    return "/phones/" + quote(number.lstrip("+"))
