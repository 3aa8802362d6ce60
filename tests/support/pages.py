"""A person with a browser, without JavaScript: forms with their hidden token, redirects followed."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse


class Browser:
    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def open(self, path: str) -> TestResponse:
        return self.client.get(path)

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.open(path).get_data(as_text=True))
        assert found, f"no form on {path}"
        return found[1]

    def submit(self, page: str, action: str | None = None, **fields: Any) -> TestResponse:
        """Fill in the form on `page` and send it to `action` (the page itself, unless said)."""
        return self.client.post(action or page, data={"csrf_token": self.token(page), **fields})

    def register(self, email: str, password: str = "correct horse") -> Browser:
        answer = self.submit("/register", email=email, password=password, name="A <b>Person</b>")
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return self

    def login(self, email: str, password: str, **more: str) -> TestResponse:
        return self.submit("/login", email=email, password=password, **more)
