"""Every call of the HTTP API, as the code says it is: one `Operation` for each method of each route."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from pydantic import BaseModel
from werkzeug.routing import Rule

from .._answers import Answers, answers_of
from .._security import SAFE

View = Callable[..., Any]

PROBES = ("/healthz", "/readyz", "/metrics")
_READERS = ("body", "query")
_SKIPPED = frozenset({"HEAD", "OPTIONS"})
_FROM_BODY = (
    (400, "malformed_request"),
    (400, "not_json"),
    (400, "malformed_json"),
    (413, "too_large"),
    (422, "invalid_request"),
)
_FROM_NEEDS = ((401, "unauthenticated"), (401, "invalid_token"), (401, "invalid_api_key"), (429, "rate_limited"))
_FROM_ADMIN = ((403, "forbidden"), (403, "second_factor_required"))


class Undocumented(Exception):
    """A view without `@answers`, or without a docstring."""


@dataclass(frozen=True)
class Operation:
    """`path` as in OpenAPI. `needs` is what `@needs` says, None for everybody. `errors` are the codes by status."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    path_parameters: tuple[str, ...]
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    needs: Mapping[str, Any] | None
    answers: Answers
    errors: Mapping[int, tuple[str, ...]]

    @property
    def takes_form(self) -> bool:
        """Where the key may stand in the parameters, they may come as a form, too."""
        return self.body is not None and bool(self.needs and self.needs["query_key"])

    @property
    def takes_whole(self) -> bool:
        """What GET gives is changed and given back."""
        return self.body is not None and self.body in self.answers.good.values()


def documented(rule: Rule) -> bool:
    return rule.rule.startswith("/api/") or rule.rule in PROBES


def operations(app: Flask) -> list[Operation]:
    """Raises Undocumented, naming the route."""
    found: list[Operation] = []
    for rule in app.url_map.iter_rules():
        if documented(rule):
            view = app.view_functions[rule.endpoint]
            methods = sorted((rule.methods or set()) - _SKIPPED)
            found += [_operation(rule, method, view, alone=len(methods) == 1) for method in methods]
    return found


def _operation(rule: Rule, method: str, view: View, *, alone: bool) -> Operation:
    said = answers_of(view)
    text = inspect.getdoc(inspect.unwrap(view))
    if said is None or not text:
        raise Undocumented(f"{method} {rule.rule}: its view needs @answers and a docstring")
    summary, description = _words(text)
    query, body = _read(view, said, method)
    needs = getattr(view, "api_needs", None)
    name = rule.endpoint.rpartition(".")[2]
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
    given = tuple(re.findall(r"{([^}]+)}", path))
    return Operation(
        id=name if alone else f"{name}_{method.lower()}", method=method, path=path, tag=_tag(path),
        summary=summary, description=description, path_parameters=given, query=query, body=body,
        needs=needs, answers=said, errors=_errors(said, needs, given, query, reads=body is not None or method not in SAFE),
    )  # fmt: skip


def _words(docstring: str) -> tuple[str, str]:
    """The first sentence, and what follows it; line breaks of the source mean nothing."""
    text = " ".join(docstring.split())
    summary, _, rest = text.partition(". ")
    return summary.rstrip("."), rest


def _tag(path: str) -> str:
    first = path.removeprefix("/api/").split("/")[0]
    return "operation" if path in PROBES else "documents" if first in ("docs", "openapi.json") else first


def _read(view: View, said: Answers, method: str) -> tuple[type[BaseModel] | None, type[BaseModel] | None]:
    """The models of query and body: those that the view hands to `query()` and `body()`, or the one it is said to take."""
    if said.takes:
        return (said.takes, None) if method == "GET" else (None, said.takes)
    models = dict(_calls(inspect.unwrap(view)))
    return models.get("query"), models.get("body")


def _calls(view: View) -> Iterator[tuple[str, type[BaseModel]]]:
    source = textwrap.dedent(inspect.getsource(view))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _READERS and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Name):
                yield node.func.id, view.__globals__[argument.id]


def _errors(
    said: Answers,
    needs: Mapping[str, Any] | None,
    given: tuple[str, ...],
    query: type[BaseModel] | None,
    *,
    reads: bool,
) -> dict[int, tuple[str, ...]]:
    """What follows from what the view needs and `reads` (a body, if only to see that there is none), and then what it says itself."""
    found: list[tuple[int, str]] = []
    if needs is not None:
        found += [*_FROM_NEEDS, *_refusals(needs)]
    if reads:
        found += _FROM_BODY
    if query is not None:
        found.append((422, "invalid_request"))
        if query is said.takes:  # read as strictly as a form
            found.append((400, "malformed_request"))
    if given:
        found.append((404, "not_found"))
    if needs is not None or reads:
        found.append((503, "database_unavailable"))
    found += said.errors
    return {
        status: tuple(dict.fromkeys(code for at, code in found if at == status)) for status in sorted({at for at, _ in found})
    }


def _refusals(needs: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    if needs["login"]:
        yield 403, "login_required"
    if needs["admin"]:
        yield from _FROM_ADMIN
    if needs["scope"]:
        yield 403, "missing_scope"
