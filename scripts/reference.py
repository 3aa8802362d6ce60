"""The parts of docs/ that are made from the code: docs/api.md, docs/errors.md, docs/events.md. `make docs`; a test holds them current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flask import Flask

from wabot.blueprints import health, metrics, reference
from wabot.blueprints._openapi.document import TAGS, heading_of
from wabot.blueprints._openapi.operations import Operation, operations
from wabot.blueprints.api import bp as api
from wabot.error_codes import GROUPS
from wabot.events import REGISTRY

DOCS = Path(__file__).resolve().parent.parent / "docs"
API_HEAD = """# Every call

JSON in, JSON out. The [reference](/api/docs) shows fields, answers, errors and examples of each call; `GET /api/openapi.json` is the same for programs.
*Who* names the scope an API key needs; a login token can make every call.
A list is `{items, next_cursor}`: `limit` (1 to 200) is the size of a page, and `cursor` takes the `next_cursor` of the page before, which is null on the last one (not so for [events](receive.md#without-a-webhook), which go on). Times are RFC 3339, in UTC. Unknown fields of a body, unknown parameters of a list, and parameters in the address of a call that takes a body are refused (422).

Clients can be made from the document, for instance with `openapi-python-client generate --path openapi.json` or `npx openapi-typescript openapi.json -o wabot.d.ts`. Events are described by `GET /api/events/schemas`.
"""
ERRORS_HEAD = """# Every error

An error is `application/problem+json` (RFC 9457): `{type, title, status, detail, code, request_id}`, with `errors: [{field, detail}]` if fields are wrong. Your program should rely on `code`, which doesn't change; `detail` is for
people. The server's log says more under the `request_id`, which is also in the header `X-Request-ID`.
"""
EVENTS_HEAD = """# Every event

These events are delivered by webhooks, Socket.IO and `GET /api/events`. Each is `{type, timestamp, data}`, where `data` is a message or session object as in the [reference](/api/docs); `GET /api/events` has that as text, in `payload`. `GET /api/events/schemas` has a JSON schema and a sample of each.
"""


def main() -> None:
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    return {"api.md": _api(), "errors.md": _errors(), "events.md": _events()}


def _api() -> str:
    app = Flask("wabot")
    for blueprint in (api, reference.bp, health.bp, metrics.bp):
        app.register_blueprint(blueprint)
    order = list(TAGS)
    found = sorted(operations(app), key=lambda one: order.index(one.tag))
    parts = [API_HEAD]
    for tag, calls in groupby(found, key=lambda one: one.tag):
        parts.append(f"## {heading_of(tag)}\n{TAGS[tag]}\n")
        parts.append("\n".join(["| call | who | what |", "| --- | --- | --- |", *_rows(calls)]) + "\n")
    return "\n".join(parts)


def _rows(calls: Iterator[Operation]) -> Iterator[str]:
    for one in calls:
        yield f"| [`{one.method} {one.path}`](/api/docs/{one.id}) | {_who(one)} | {one.summary} |"


def _who(one: Operation) -> str:
    if one.needs is None:
        return "everybody"
    return "administrators" if one.needs["admin"] else "login token" if one.needs["login"] else f"`{one.needs['scope']}`"


def _errors() -> str:
    parts = [ERRORS_HEAD]
    for group, codes in GROUPS.items():
        rows = [f"| `{code}` | {', '.join(map(str, known.statuses))} | {known.meaning} |" for code, known in codes.items()]
        parts.append("\n".join([f"## {group}", "| code | status | what it means |", "| --- | --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def _events() -> str:
    rows = [f"| `{name}` | {' '.join((event.__doc__ or '').split())} |" for name, event in REGISTRY.items()]
    return "\n".join([EVENTS_HEAD, "| event | when |", "| --- | --- |", *rows]) + "\n"


if __name__ == "__main__":
    main()
