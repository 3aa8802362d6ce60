"""What hundreds of apps would each compile for themselves, they share here: Werkzeug's little program for every route, and templates."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

_compile = Rule._compile_builder
_rules: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
_templates: dict[tuple[str, str], CodeType | None] = {}


def _shared(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = (rule.rule, repr(rule.defaults), rule.host, rule.subdomain, append_unknown)
    if key not in _rules:
        _rules[key] = _compile(rule, append_unknown)
    return _rules[key]


class _Templates(BytecodeCache):
    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = _templates.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        _templates[bucket.key, bucket.checksum] = bucket.code


def compile_once() -> None:
    Rule._compile_builder = _shared  # type: ignore[method-assign]
    Flask.jinja_options = {"bytecode_cache": _Templates()}
