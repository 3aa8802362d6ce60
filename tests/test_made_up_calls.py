"""Calls made up from the OpenAPI document alone, by schemathesis: no 5xx, and no answer that isn't documented.

`make test` tries some of each, `make docs-check` many more (WABOT_CASES).
"""

from __future__ import annotations

import copy
import os
import warnings
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, Verbosity, given, settings

from tests.support.contract import contract
from tests.support.web import Linked, bearer, register
from wabot.blueprints._context import services
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD

CASES = int(os.environ.get("WABOT_CASES", "6"))
ENDING = ("/api/auth/logout", "/api/account", "/api/admin/settings")
"""What ends the caller's own login, or switches limits on: with people of their own, and last."""
warnings.filterwarnings("ignore", module="schemathesis|hypothesis|jsonschema|harfile")


def document() -> dict[str, Any]:
    """Waiting is left out: nothing comes that could be waited for."""
    found = copy.deepcopy(contract().document)
    for path in found["paths"].values():
        for one in path.values():
            for parameter in one.get("parameters", []):
                if parameter["name"] == "wait":
                    parameter["schema"] = {"type": "integer", "enum": [0]}
    for schema in found["components"]["schemas"].values():
        if "wait" in schema.get("properties", {}):
            schema["properties"]["wait"] = {"type": "integer", "enum": [0]}
    return found


@pytest.fixture
def unlimited(app: Flask) -> None:
    with app.app_context():
        values = services().preferences.current().model_dump()
        values["rate_limits"] |= {"enabled": False, "login_per_minute": 1_000_000, "register_per_hour": 1_000_000}
        services().preferences.replace(values)


# Not by a strategy: the application's threads number their queries with it (pymongo), which is taken for one now and then.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
def test_made_up_calls_are_answered_as_the_document_says(
    app: Flask, client: FlaskClient, unlimited: None, linked: Linked
) -> None:
    schema = schemathesis.openapi.from_dict(document())
    schema.app = app
    admin = client.post("/api/auth/login", json={"email": DEFAULT_ADMIN_EMAIL, "password": DEFAULT_ADMIN_PASSWORD}).get_json()
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) > 50
    message = linked.send().get_json()["id"]
    people = [register(client) for _ in found]  # before a made-up setting closes registration
    for operation, person in zip(sorted(found, key=lambda one: one.path in ENDING), people, strict=True):
        token = admin["token"] if "/admin/" in operation.path else linked.token
        if operation.path in ENDING[:2]:
            token = person["token"]
        _try(operation, client, bearer(token), _ids(message, person["user"]["id"]))


def _ids(message: str, user: str) -> dict[str, str]:
    """Things there are, so that more than 404 is tried; the user may be gone afterwards."""
    return {
        "message_id": message,
        "user_id": user,
        "name": "default",
        "operation_id": "login",
    }


def _try(operation: Any, client: FlaskClient, headers: dict[str, str], ids: dict[str, str]) -> None:
    turn = [0]

    @settings(
        max_examples=CASES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        turn[0] += 1
        if turn[0] % 2:
            case.path_parameters.update({name: ids[name] for name in case.path_parameters if name in ids})
        answer = case.call(headers=headers)
        contract().check(
            operation.method.upper(), answer.request.path_url.partition("?")[0], answer.status_code,
            answer.headers.get("content-type", [""])[0], answer.content,
        )  # fmt: skip

    attempt()
