"""JSON schemas for people: the fields of a model as rows, and an example made of the models' own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]
_DEEPEST = 3
_BY_FORMAT = {"date-time": "time", "date": "date"}
_BY_TYPE: Mapping[str, Any] = {"integer": 0, "number": 0, "boolean": True, "object": {}, "null": None}
_STRINGS = {"date-time": "2026-01-31T12:00:00.000Z", "date": "2026-01-31"}


@dataclass(frozen=True)
class Row:
    """`name` says where it lies: `items[].from`."""

    name: str
    type: str
    required: bool
    words: str


class Fields:
    """`schemas` are those of the document's components."""

    def __init__(self, schemas: Mapping[str, Node]) -> None:
        self._schemas = schemas

    def rows(self, schema: Node, under: str = "", depth: int = 0) -> Iterator[Row]:
        schema = self._whole(schema)
        required = schema.get("required", ())
        for name, one in schema.get("properties", {}).items():
            path = f"{under}{name}"
            yield Row(path, self.type(one), name in required, one.get("description", ""))
            inner, mark = self._inner(one)
            if inner and depth < _DEEPEST:
                yield from self.rows(inner, f"{path}{mark}.", depth + 1)

    def type(self, schema: Node) -> str:
        """In words: `text`, `one of a, b`, `list of text`, `whole number or null`."""
        schema = self._whole(schema)
        if choices := schema.get("anyOf"):
            return " or ".join(self.type(one) for one in choices)
        if "const" in schema:
            return f"always {schema['const']}"
        if "enum" in schema:
            return "one of " + ", ".join(map(str, schema["enum"]))
        if schema.get("type") == "array":
            return f"list of {self.type(schema.get('items', {}))}"
        return _plain(schema)

    def example(self, schema: Node) -> Any:
        schema = self._whole(schema)
        given = schema.get("examples") or schema.get("enum") or [schema[name] for name in ("const",) if name in schema]
        if given:
            return given[0]
        if choices := schema.get("anyOf"):
            return self.example(choices[0])
        if schema.get("type") == "array":
            return [self.example(schema.get("items", {}))]
        if "properties" in schema:
            required = schema.get("required", ())
            return {name: self._named(name, one) for name, one in schema["properties"].items() if name in required}
        return _STRINGS.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", ""), "…"))

    def _named(self, name: str, schema: Node) -> Any:
        """Ids and addresses look alike everywhere."""
        known = {"id": "697df4c0a1b2c3d4e5f60718", "email": "ann@example.com", "name": "Ann", "next_cursor": None}
        return known[name] if name in known and "examples" not in schema else self.example(schema)

    def _inner(self, schema: Node) -> tuple[Node | None, str]:
        """What lies in an object, or in a list's."""
        schema = self._whole(schema)
        for one in schema.get("anyOf", [schema]):
            whole = self._whole(one)
            if "properties" in whole:
                return whole, ""
            if whole.get("type") == "array" and "properties" in self._whole(whole.get("items", {})):
                return whole["items"], "[]"
        return None, ""

    def _whole(self, schema: Node) -> Node:
        name = schema.get("$ref", "").rpartition("/")[2]
        return {**self._schemas[name], **{key: value for key, value in schema.items() if key != "$ref"}} if name else schema


def _plain(schema: Node) -> str:
    kind = schema.get("type", "anything")
    if kind == "string":
        words = _BY_FORMAT.get(schema.get("format", ""), "text")
        longest = schema.get("maxLength")
        return f"{words}, at most {longest}" if longest else words
    words = {"integer": "whole number", "boolean": "true or false", "object": "object"}.get(kind, str(kind))
    least, most = schema.get("minimum"), schema.get("maximum")
    return f"{words} {least:,}–{most:,}" if least is not None and most is not None else words
