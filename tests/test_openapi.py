"""The OpenAPI document: whole, true, and made from the code."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from tests.support.contract import contract
from wabot.blueprints._openapi.operations import Undocumented, documented, operations
from wabot.error_codes import CODES
from wabot.events import REGISTRY

ROOT = Path(__file__).parent.parent


def test_every_route_is_documented(app: Flask) -> None:
    found = {(one.method, one.path) for one in operations(app)}
    routes = {
        (method, re.sub(r"<([^>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if documented(rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert found == routes
    assert len(found) > 50


def test_a_route_without_words_is_refused(app: Flask) -> None:
    app.url_map.add(app.url_rule_class("/api/dark", endpoint="dark", methods=["GET"]))
    app.view_functions["dark"] = lambda: ""
    with pytest.raises(Undocumented, match="GET /api/dark"):
        operations(app)


def test_what_a_view_reads_is_found(app: Flask) -> None:
    by_id = {one.id: one for one in operations(app)}
    for one in by_id.values():
        if one.method in ("PUT", "PATCH"):
            assert one.body is not None, one.id
    assert by_id["send_message"].body is not None
    assert by_id["send_message"].body.__name__ == "Send"
    assert by_id["list_messages"].query is not None
    assert by_id["quick_send_get"].query is by_id["quick_send_post"].body
    assert "missing_scope" in by_id["send_message"].errors[403]
    assert by_id["make_key"].errors[403] == ("login_required",)


def test_the_document_is_served_to_everybody(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    served = answer.get_json()
    assert served["openapi"].startswith("3.1")
    assert served["paths"].keys() == contract().document["paths"].keys()
    ids = [one["operationId"] for path in served["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


def test_a_change_fills_in_nothing_that_was_left_out() -> None:
    """Clients made from the document send the defaults it names, and would set back what they never meant to touch."""
    changes = [
        one["requestBody"]
        for path in contract().document["paths"].values()
        for way, one in path.items()
        if way in ("put", "patch")
    ]
    assert len(changes) >= 3
    for body in changes:
        named = json.dumps(_resolved(body["content"]["application/json"]["schema"]))
        assert '"default"' not in named, named


def test_what_may_be_left_out_is_no_duty_of_generated_clients() -> None:
    """openapi-typescript, for one, takes a field with a default for one that is always there, in answers and in bodies alike."""
    for name, schema in contract().document["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            assert "default" not in one, f"{name}.{field}"


def test_words_say_what_a_body_leaves_out() -> None:
    schemas = contract().document["components"]["schemas"]
    assert "By default `0`." in schemas["Send"]["properties"]["wait"]["description"]
    assert schemas["Send"]["properties"]["session"]["description"] == "Which WhatsApp session sends it. By default `default`."
    assert "By default" not in schemas["Send"]["properties"]["send_at"]["description"]
    assert schemas["NewKey"]["properties"]["scopes"]["description"].endswith('By default `["send", "read"]`.')
    assert schemas["NewWebhook"]["properties"]["enabled"]["description"] == "By default `true`."
    assert "By default" not in json.dumps(schemas["Problem"])


def test_a_query_has_no_null_and_every_default_is_a_good_value() -> None:
    calls = [one for path in contract().document["paths"].values() for one in path.values()]
    found = [parameter for one in calls for parameter in one.get("parameters", []) if parameter["in"] == "query"]
    assert len(found) > 20
    for one in found:
        assert not Draft202012Validator(one["schema"]).is_valid(None), one
        if "default" in one["schema"]:
            assert Draft202012Validator(one["schema"]).is_valid(one["schema"]["default"]), one


def test_events_never_end_while_other_lists_do() -> None:
    schemas = contract().document["components"]["schemas"]
    answer = contract().document["paths"]["/api/events"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schemas[answer["$ref"].rpartition("/")[2]]["properties"]["next_cursor"]["type"] == "string"
    assert {"type": "null"} in schemas["Items_Message_"]["properties"]["next_cursor"]["anyOf"]


def test_the_calls_of_webhooks_are_described_too() -> None:
    """By the same schemas as the API's own answers, so that generated clients have one type for a message, not two."""
    described = contract().document["webhooks"]
    assert described.keys() == REGISTRY.keys()
    for name, one in described.items():
        content = one["post"]["requestBody"]["content"]["application/json"]
        assert content["schema"]["properties"]["data"]["$ref"].rpartition("/")[2] == name.partition(".")[0].capitalize()
        assert content["example"]["type"] == name
        contract().validator(content["schema"]).validate(content["example"])
    calls = [*contract().document["paths"].values(), *described.values()]
    ids = [one["operationId"] for path in calls for one in path.values()]
    assert len(ids) == len(set(ids))


def _resolved(node: Any) -> Any:
    """With every reference replaced by what it leads to."""
    if isinstance(node, list):
        return [_resolved(one) for one in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _resolved(value) for key, value in node.items() if key != "$ref"}
    if ref := node.get("$ref"):
        return _resolved(contract().document["components"]["schemas"][ref.rpartition("/")[2]]) | rest
    return rest


def test_every_code_that_is_raised_is_in_the_table() -> None:
    raised = {code for path in (ROOT / "wabot").rglob("*.py") for code in _codes_in(path)}
    assert len(raised) > 50
    assert raised - CODES.keys() == set()


def _codes_in(path: Path) -> set[str]:
    """`code="…"` in what makes an error, and `code = "…"` of the classes."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", ""))[:1].isupper():
            found |= {one.value.value for one in node.keywords if one.arg == "code" and isinstance(one.value, ast.Constant)}
        if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "").endswith(("Error", "d", "e")) for base in node.bases):
            values = [
                one.value for one in node.body if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == "code"
            ]
            found |= {one.value for one in values if isinstance(one, ast.Constant)}
    return {one for one in found if isinstance(one, str)}
