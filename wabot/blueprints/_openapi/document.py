"""The OpenAPI 3.1 document of the running application."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ... import __version__
from ...error_codes import CODES
from .._answers import Content
from .._shapes import Problem
from .operations import Operation, operations
from .webhooks import CARRIED, webhooks

Node = dict[str, Any]

TAGS = {
    "auth": "Register, log in, log out, and recover access. Send the token you get as `Authorization: Bearer …`.",
    "account": "Export all your data, and delete your account.",
    "keys": "API keys, for programs. These calls need a login token: a key can't create keys.",
    "whatsapp": "Start, watch and end WhatsApp sessions. Without `session`, these calls mean the one named `default`.",
    "messages": "Send, list, get and cancel messages, and get their files.",
    "send": "The call for scripts and spreadsheets: GET or POST, with everything in the parameters.",
    "chats": "The inbox.",
    "webhooks": "Endpoints that events are delivered to, tests of them, and the log of deliveries.",
    "events": "Which events exist, and your own events as they come.",
    "admin": "For administrators: users, sessions, figures, settings and the audit log.",
    "operation": "For those who run it.",
    "documents": "This document, and the page that shows it.",
}
_DESCRIPTION = (
    "JSON in, JSON out. Times are RFC 3339 in UTC, ids are strings. Errors are RFC 9457 `application/problem+json` with a stable "
    "`code` and the `request_id`. Lists are `{items, next_cursor}`; pass `next_cursor` as `cursor` to "
    "get the next page. Unknown fields are refused."
)
SECURITY: Mapping[str, Node] = {
    "token": {"type": "http", "scheme": "bearer", "description": "A login token from `POST /api/auth/login`."},
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, `wb_…`, with the scope the call needs."},
    "key_header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key, in a header of its own."},
    "key_query": {"type": "apiKey", "in": "query", "name": "api_key", "description": "The same key, on `/api/send` only."},
}
_WORDS = {200: "Done", 201: "Created", 202: "Accepted", 204: "Done; no body"}
_HEADERS: Mapping[str, Node] = {
    "RateLimit-Limit": {"description": "How many calls the fullest limit allows.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "How many of these calls are left.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "Seconds until one more is allowed.", "schema": {"type": "integer"}},
    "Retry-After": {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}},
    "X-Request-ID": {"description": "The id of the request in the server's log.", "schema": {"type": "string"}},
}
_CHANGES = ("PATCH", "PUT")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_REF = "#/components/schemas/{model}"


def heading_of(tag: str) -> str:
    """The name of a group of calls, for people."""
    return "WhatsApp" if tag == "whatsapp" else tag.capitalize()


def document(app: Flask, server: str) -> Node:
    """`server` is the address people open. Raises Undocumented."""
    found = operations(app)
    schemas = _Schemas(found)
    paths: Node = {}
    for one in found:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wabot",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "webhooks": webhooks(schemas.of),
        "components": {"schemas": schemas.components, "securitySchemes": dict(SECURITY), "headers": dict(_HEADERS)},
    }


class _Schemas:
    """All models at once, so that each gets one name."""

    def __init__(self, found: Iterable[Operation]) -> None:
        models: dict[type[BaseModel], None] = dict.fromkeys((Problem, *CARRIED.values()))
        for one in found:
            contents = [content for content in one.answers.good.values() if content is not None]
            flat = [part for content in contents for part in (content if isinstance(content, tuple) else (content,))]
            models |= dict.fromkeys(part for part in (*flat, one.body) if part is not None and not isinstance(part, str))
        refs, together = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
        self._refs = {model: ref for (model, _), ref in refs.items()}
        self.components: Node = together.get("$defs", {})
        made = [self._whole(one.body) for one in found if one.body is not None and one.method not in _CHANGES]
        for schema in self.components.values():
            self._put_defaults_into_words(schema, aloud=any(schema is one for one in made))

    def of(self, model: type[BaseModel]) -> Node:
        return dict(self._refs[model])

    def _whole(self, model: type[BaseModel]) -> Node:
        found: Node = self.components[self._refs[model]["$ref"].rpartition("/")[2]]
        return found

    def _put_defaults_into_words(self, schema: Node, *, aloud: bool) -> None:
        """Clients made from this document take a field with a `default` for one that is always there in answers, and has to be
        given in bodies; and where a change leaves something out, which then stays as it is, they would send the default."""
        for field in schema.get("properties", {}).values():
            default = field.pop("default", None)
            if aloud and default not in (None, "", [], {}):
                value = default if isinstance(default, str) else json.dumps(default)
                field["description"] = " ".join(
                    [*([field["description"]] if "description" in field else []), f"By default `{value}`."]
                )


def _operation(one: Operation, schemas: _Schemas) -> Node:
    node: Node = {"operationId": one.id, "tags": [one.tag], "summary": one.summary}
    if one.description:
        node["description"] = one.description
    if parameters := [*_path_parameters(one), *_query_parameters(one), *_header_parameters(one)]:
        node["parameters"] = parameters
    if one.body is not None:
        node["requestBody"] = _request_body(one, one.body, schemas)
    node["responses"] = {**_good(one, schemas), **_bad(one, schemas)}
    node["security"] = _security(one.needs)
    return node


def _path_parameters(one: Operation) -> list[Node]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in one.path_parameters]


def _query_parameters(one: Operation) -> list[Node]:
    if one.query is None:
        return []
    schema = one.query.model_json_schema()
    required = schema.get("required", [])
    found: list[Node] = []
    for name, field in schema["properties"].items():
        if name != "api_key":  # one of the ways to say who one is
            node: Node = {"name": name, "in": "query", "required": name in required, "schema": _not_null(field)}
            words = field.get("description")
            example = {"example": one.answers.example[name]} if name in one.answers.example else {}
            found.append(node | ({"description": words} if words else {}) | example)
    return found


def _not_null(field: Node) -> Node:
    """A query has no null: what isn't meant is left out."""
    choices = [one for one in field.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) != 1:
        return field
    rest = {name: value for name, value in field.items() if name not in ("anyOf", "default")}
    return {**choices[0], **rest}


def _header_parameters(one: Operation) -> list[Node]:
    return [
        {"name": name, "in": "header", "required": False, "description": words, "schema": {"type": "string", "maxLength": 255}}
        for name, words in one.answers.headers.items()
    ]


def _request_body(one: Operation, model: type[BaseModel], schemas: _Schemas) -> Node:
    content: Node = {"schema": schemas.of(model)}
    if one.answers.example:
        content["example"] = dict(one.answers.example)
    types = ["application/json", *(_FORMS if one.takes_form else ())]
    needed = any(field.is_required() for field in model.model_fields.values())
    return {"required": needed, "content": dict.fromkeys(types, content)}


def _good(one: Operation, schemas: _Schemas) -> Node:
    limited = one.needs is not None
    headers = [name for name in _HEADERS if name != "Retry-After"] if limited else ["X-Request-ID"]
    return {
        str(status): {"description": _WORDS.get(status, "The answer"), "headers": _headers(headers)} | _content(content, schemas)
        for status, content in one.answers.good.items()
    }


def _content(content: Content, schemas: _Schemas) -> Node:
    if content is None:
        return {}
    parts = content if isinstance(content, tuple) else (content,)
    return {"content": dict(_media(part, schemas) for part in parts)}


def _media(part: type[BaseModel] | str, schemas: _Schemas) -> tuple[str, Node]:
    if isinstance(part, str):
        text = part.startswith("text/") or part == "image/svg+xml"
        return part, {"schema": {"type": "string"}} if text else {}
    return "application/json", {"schema": schemas.of(part)}


def _bad(one: Operation, schemas: _Schemas) -> Node:
    return {str(status): _problem(status, codes, schemas) for status, codes in one.errors.items()}


def _problem(status: int, codes: Sequence[str], schemas: _Schemas) -> Node:
    words = "\n".join(f"- `{code}`: {CODES[code].meaning}" for code in codes)
    headers = ["X-Request-ID", *(["Retry-After"] if status in (429, 503) else [])]
    schema = {**schemas.of(Problem), "properties": {"code": {"enum": list(codes)}}}
    return {"description": words, "headers": _headers(headers), "content": {"application/problem+json": {"schema": schema}}}


def _headers(names: Iterable[str]) -> Node:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _security(needs: Mapping[str, Any] | None) -> list[Node]:
    """Ways to say who one is, any of which does."""
    if needs is None:
        return []
    ways: list[Node] = [{"token": []}]
    if not needs["login"]:
        scopes = [needs["scope"]] if needs["scope"] else []
        names = ["key", "key_header", *(["key_query"] if needs["query_key"] else [])]
        ways += [{name: scopes} for name in names]
    return ways
