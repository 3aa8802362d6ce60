"""Answers of the running API, held against its own document. Both clients of the tests do this with everything they get."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter
from werkzeug.test import TestResponse

from wabot.blueprints import health, metrics, reference
from wabot.blueprints._openapi.document import document
from wabot.blueprints._openapi.operations import documented
from wabot.blueprints.api import bp as api
from wabot.lib.clock import from_rfc3339

JSON = ("application/json", "application/problem+json")
UNSPOKEN = ("HEAD", "OPTIONS")
formats = FormatChecker(())


@formats.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or bool(from_rfc3339(value))


class Contract:
    """The document of everything wabot itself brings under /api, and its probes."""

    def __init__(self) -> None:
        app = Flask("wabot")
        for blueprint in (api, reference.bp, health.bp, metrics.bp):
            app.register_blueprint(blueprint)
        self.document = document(app, "http://127.0.0.1:8000")
        self._routes: MapAdapter = app.url_map.bind("127.0.0.1")
        self._strict = {"components": {"schemas": {name: _closed(one) for name, one in self._schemas.items()}}}
        self._validators: dict[int, Draft202012Validator] = {}
        self.seen: set[tuple[str, str, int]] = set()

    @property
    def _schemas(self) -> dict[str, Any]:
        schemas: dict[str, Any] = self.document["components"]["schemas"]
        return schemas

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """The path as documented and what is said of it; None for what is no call of the API."""
        try:
            rule, _ = self._routes.match(path, method, return_rule=True)
        except HTTPException:
            return None
        if not documented(rule) or method in UNSPOKEN:
            return None
        shown = rule.rule.replace("<", "{").replace(">", "}")
        return shown, self.document["paths"][shown][method.lower()]

    def check(self, method: str, path: str, status: int, content_type: str, body: bytes) -> None:
        found = self.operation(method, path)
        if found is None:
            return
        shown, operation = found
        what = f"{method} {shown} {status}: {body[:300]!r}"
        said = operation["responses"].get(str(status))
        assert said is not None, f"undocumented status, {what}"
        self.seen.add((method, shown, status))
        kind = content_type.partition(";")[0].strip()
        contents = said.get("content", {})
        if not contents:
            assert not body, f"no body is documented, {what}"
            return
        assert kind in contents or "*/*" in contents, f"undocumented content type {kind}, {what}"
        schema = contents.get(kind, {}).get("schema")
        if schema is not None and kind in JSON:
            error = next(self.validator(schema).iter_errors(json.loads(body)), None)
            assert error is None, f"{error.message} at {error.json_path if error else ''}, {what}" if error else ""

    def validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        if id(schema) not in self._validators:
            self._validators[id(schema)] = Draft202012Validator({**self._strict, **schema}, format_checker=formats)
        return self._validators[id(schema)]


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Clients must not mind new fields; here one that isn't documented is a fault."""
    return {"additionalProperties": False, **schema} if "properties" in schema else schema


@cache
def contract() -> Contract:
    return Contract()


class CheckedClient(FlaskClient):
    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        asked = answer.request
        if asked.path.startswith("/api/") or documented_probe(asked.path):
            streamed = answer.mimetype not in JSON
            contract().check(
                asked.method, asked.path, answer.status_code, answer.content_type or "", b"" if streamed else answer.get_data()
            )
        return answer


def documented_probe(path: str) -> bool:
    return urlsplit(path).path in ("/healthz", "/readyz", "/metrics")
