"""A user of the HTTP API, in the words of its documentation."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import requests

from .contract import contract
from .stack import Stack
from .waiting import wait_until

DEADLINE = 40


class ApiError(AssertionError):
    """An answer a test didn't ask for. `status` and `code` are the answer's."""

    def __init__(self, what: str, answer: requests.Response) -> None:
        super().__init__(f"{what}: {answer.status_code} {answer.text[:500]}")
        self.status = answer.status_code
        self.code = answer.json().get("code") if "json" in answer.headers.get("Content-Type", "") else None


class Api:
    """Calls as one user. `get`, `post`, … give the bare response; the named methods the JSON of a good answer."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack = stack
        self.name = name
        self.email = f"{name}-{secrets.token_hex(4)}@example.com"
        self.password = f"{name} {secrets.token_urlsafe(12)}"
        self.token: str | None = None
        stack.secrets.add(self.password)

    def call(
        self, method: str, path: str, *, token: str | None = None, timeout: float = DEADLINE, **arguments: Any
    ) -> requests.Response:
        headers = dict(arguments.pop("headers", {}))
        if bearer := token or self.token:
            headers.setdefault("Authorization", f"Bearer {bearer}")
        answer = requests.request(method, self.stack.url + path, headers=headers, timeout=timeout, **arguments)
        if not arguments.get("stream"):
            kind = answer.headers.get("Content-Type", "")
            contract().check(method, path.partition("?")[0], answer.status_code, kind, answer.content)
        return answer

    def get(self, path: str, **arguments: Any) -> requests.Response:
        return self.call("GET", path, **arguments)

    def post(self, path: str, json: object = None, **arguments: Any) -> requests.Response:
        return self.call("POST", path, json={} if json is None else json, **arguments)

    def patch(self, path: str, json: object, **arguments: Any) -> requests.Response:
        return self.call("PATCH", path, json=json, **arguments)

    def put(self, path: str, json: object, **arguments: Any) -> requests.Response:
        return self.call("PUT", path, json=json, **arguments)

    def delete(self, path: str, **arguments: Any) -> requests.Response:
        return self.call("DELETE", path, **arguments)

    def register(self) -> Api:
        answer = self._good(self.post("/api/auth/register", {"email": self.email, "password": self.password, "name": self.name}))
        return self._logged_in(answer)

    def login(self, email: str | None = None, password: str | None = None) -> Api:
        self.email, self.password = email or self.email, password or self.password
        return self._logged_in(self._good(self.post("/api/auth/login", {"email": self.email, "password": self.password})))

    def key(self, *scopes: str, name: str = "test") -> str:
        body = {"name": name, **({"scopes": list(scopes)} if scopes else {})}
        key = str(self._good(self.post("/api/keys", body))["key"])
        self.stack.secrets.add(key)
        return key

    def initialize(self, session: str = "default", **more: Any) -> dict[str, Any]:
        return self._good(self.post("/api/whatsapp/initialize", {"session": session, **more}))

    def status(self, session: str = "default") -> dict[str, Any]:
        return self._good(self.get("/api/whatsapp/status", params={"session": session}))

    def qr(self, session: str = "default") -> dict[str, Any]:
        return self._good(self.get("/api/whatsapp/qr", params={"session": session}))

    def disconnect(self, session: str = "default") -> dict[str, Any]:
        return self._good(self.post("/api/whatsapp/disconnect", {"session": session}))

    def switch_engine(self, engine: str, session: str = "default") -> dict[str, Any]:
        return self._good(self.post("/api/whatsapp/engine", {"session": session, "engine": engine}))

    def wait_for_status(self, wanted: str, session: str = "default", timeout: float = DEADLINE) -> dict[str, Any]:
        seen: list[Any] = []

        def reached() -> dict[str, Any] | None:
            now = self.status(session)
            seen[:] = [now["status"], now["reason"]]
            return now if now["status"] == wanted else None

        try:
            return wait_until(reached, timeout, f"session {session} of {self.name} is {wanted}")
        except AssertionError as error:
            raise AssertionError(f"{error}; last status {seen}") from error

    def link(self, phone: str, session: str = "default", **more: Any) -> dict[str, Any]:
        """Initialize on the sandbox, have the virtual phone `phone` scan the picture, wait for `connected`."""
        self.stack.sandbox("PUT", f"/phones/{phone}", name=self.name)
        self.initialize(session, network="sandbox", **more)
        self.wait_for_status("qr", session)
        self.scan(phone, session)
        return self.wait_for_status("connected", session)

    def scan(self, phone: str, session: str = "default") -> None:
        """By the picture, as a camera does."""
        shown = self.qr(session)
        self.stack.secrets.add(shown["qr"])
        picture = str(shown["image"]).split(",", 1)[1]
        base64.b64decode(picture, validate=True)
        self.stack.sandbox("POST", f"/phones/{phone}/scan", image=picture)

    def send(
        self, to: str, message: str, session: str = "default", *, wait: float = 0, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        body = {"to": to, "message": message, "session": session, **({"wait": wait} if wait else {})}
        return self._good(self.post("/api/messages/send", body, headers=headers))

    def message(self, message_id: str) -> dict[str, Any]:
        return self._good(self.get(f"/api/messages/{message_id}"))

    def wait_for_message(self, message_id: str, *statuses: str, timeout: float = DEADLINE) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            now = self.message(message_id)
            return now if now["status"] in statuses else None

        return wait_until(reached, timeout, f"message {message_id} is {' or '.join(statuses)}")

    def _logged_in(self, answer: dict[str, Any]) -> Api:
        self.token = str(answer["token"])
        self.stack.secrets.add(self.token)
        return self

    def _good(self, answer: requests.Response) -> dict[str, Any]:
        if not answer.ok:
            raise ApiError(f"{answer.request.method} {answer.request.path_url}", answer)
        body: dict[str, Any] = answer.json()
        return body
