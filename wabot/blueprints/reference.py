"""Pages: the reference of the HTTP API, made from what it says of itself; every call has a page, and can be tried there."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any, cast

from flask import Blueprint, Flask, current_app, render_template, request

from ..error_codes import CODES
from ..errors import NotFound
from ..plugins import NavItem
from ._answers import answers
from ._context import services
from ._markdown import words
from ._openapi.document import TAGS, document, heading_of
from ._openapi.fields import Fields, Row
from ._openapi.operations import Operation, operations
from ._openapi.snippets import LANGUAGES, SAMPLES, request_of

bp = Blueprint("reference", __name__, url_prefix="/api/docs")
NAV = NavItem("API reference", "reference.index", "code", order=86)
_EXTENSION = "wabot_reference"
_SEARCHED = 200


def init_app(app: Flask) -> None:
    app.add_template_filter(words, "words")
    app.add_template_filter(heading_of, "heading_of")


@bp.get("")
@answers({200: "text/html"})
def index() -> str:
    """Read this reference. With `q`, only the calls that contain these words."""
    asked = request.args.get("q", "")[:_SEARCHED]
    found = [one for one in _reference().calls.values() if _has(one, asked)]
    groups = [(tag, TAGS.get(tag, ""), list(calls)) for tag, calls in groupby(found, key=lambda one: one.tag)]
    return render_template("reference.html", groups=groups, asked=asked, server=services().settings.public_url)


@bp.get("/<operation_id>")
@answers({200: "text/html"})
def call(operation_id: str) -> str:
    """Read about one call."""
    known = _reference()
    one = known.calls.get(operation_id)
    if one is None:
        raise NotFound("There is no such call.")
    written = request_of(one, services().settings.public_url)
    return render_template(
        "reference_call.html",
        call=one,
        node=known.node(one),
        snippets={language: write(written) for language, write in LANGUAGES.items()},
        body_rows=known.body_rows(one),
        answers=known.answers(one),
        errors=[(status, code, CODES[code].meaning) for status, codes in one.errors.items() for code in codes],
        samples=SAMPLES,
        example=json.dumps(dict(one.answers.example), ensure_ascii=False, indent=2) if one.body else "",
    )


class _Reference:
    """Made once: routes don't change while we run."""

    def __init__(self, app: Flask) -> None:
        order = {tag: place for place, tag in enumerate(TAGS)}
        found = sorted(operations(app), key=lambda one: order.get(one.tag, len(order)))
        self.calls = {one.id: one for one in found}
        self._document = document(app, "")
        self._fields = Fields(self._document["components"]["schemas"])

    def node(self, one: Operation) -> dict[str, Any]:
        """What the document says of it, with the types of its parameters in words."""
        node = self._document["paths"][one.path][one.method.lower()]
        parameters = [{**found, "type": self._fields.type(found["schema"])} for found in node.get("parameters", [])]
        return {**node, "parameters": parameters}

    def body_rows(self, one: Operation) -> list[Row]:
        content = self.node(one).get("requestBody", {}).get("content", {})
        return list(self._fields.rows(content["application/json"]["schema"])) if content else []

    def answers(self, one: Operation) -> list[dict[str, Any]]:
        """[{status, types, rows, example}] of what goes well."""
        return [self._answer(status, self.node(one)["responses"][str(status)]) for status in one.answers.good]

    def _answer(self, status: int, said: dict[str, Any]) -> dict[str, Any]:
        schema = said.get("content", {}).get("application/json", {}).get("schema")
        example = json.dumps(self._fields.example(schema), ensure_ascii=False, indent=2) if schema else ""
        types = list(said.get("content", {}))
        return {"status": status, "types": types, "rows": list(self._fields.rows(schema)) if schema else [], "example": example}


def _reference() -> _Reference:
    known = current_app.extensions
    if _EXTENSION not in known:
        known[_EXTENSION] = _Reference(cast(Flask, cast(Any, current_app)._get_current_object()))
    return cast(_Reference, known[_EXTENSION])


def _has(one: Operation, asked: str) -> bool:
    text = f"{one.method} {one.path} {one.tag} {one.summary} {one.description}".lower()
    return all(word in text for word in asked.lower().split())
