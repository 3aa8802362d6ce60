"""Hostile input to every route: a clear 4xx, never 5xx (503 is the gateway, which doesn't run here)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.support.pages import Browser
from tests.support.web import Linked, bearer
from wabot.blueprints._context import services
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD

HOSTILE: list[Any] = [
    "\x00", "a\x00b", "\ud800", "x\udfff", "9" * 5000, -1, 10**400, 1.5, float("nan"), float("inf"), True, None, [], {}, [[]], {"$gt": ""},
    {"$where": "1"}, "$where", "../../etc/passwd", "a" * 70_000, "\u202e", "\r\nSet-Cookie: a=b", "' || 1", "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59Z", "+1" * 40, "%s%n", "{{7*7}}", ["x"] * 500,
]  # fmt: skip
ONE_BY_ONE = ["\x00", "\ud800", -1, 10**400, None, {"$gt": ""}, "0000-00-00T00:00:00Z"]
"""These also one at a time, beside good fields: what is refused for one field hides what another would do."""
BODIES = [
    b"", b"{", b"[]", b"null", b'"x"', b"1e999", b'{"a":NaN}', b"{}" * 10, b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b'{"to":"\\ud800"}',
    b'{"\\u0000":1}', b"9" * 5000, b'{"a": 1' + b"0" * 5000 + b"}", b"\x00", b'{"email":"a","email":"b"}', b"\xef\xbb\xbf{}",
]  # fmt: skip
FIELDS = [
    "email",
    "password",
    "name",
    "to",
    "message",
    "session",
    "wait",
    "send_at",
    "api_key",
    "idempotency_key",
    "engine",
    "method",
    "phone",
    "number",
    "network",
    "url",
    "events",
    "secret",
    "enabled",
    "scopes",
    "expires_at",
    "status",
    "q",
    "since",
    "until",
    "cursor",
    "limit",
    "format",
    "role",
    "disabled",
    "limits",
    "otp",
    "token",
    "code",
    "days",
    "kind",
    "chat",
    "text",
    "page",
    "state",
    "version",
    "action",
    "user",
]
PATHS = ["%00", "a%00b", "%ED%A0%80", "x" * 300, "%2e%2e%2f", "000000000000000000000000", "1e999", "-1", "%F0%9F%92%A9", "$where"]
QUERIES = [
    "%00", "%ED%A0%80", "9" * 400, "-1", "NaN", "[]", "$gt", "%0d%0a", "2024-13-45", "0001-01-01", "9999-12-31", "00000000000000000000000g",
]  # fmt: skip
QUERIES_ONE_BY_ONE = ["%00", "9" * 400, "$gt", "9999-12-31"]
FORMS = [
    "a\x00b", "9" * 5000, "", "-1", "\u202e", "{{7*7}}", "$where", "9999-12-31", "0001-01-01", "a" * 70_000,
]  # fmt: skip
FINE = {503}


def routes(app: Flask, prefix: str) -> list[tuple[str, Rule]]:
    """(method, rule), but for what would end the caller's own login, at any length of the run."""
    ending = ("logout", "end-all", "delete")
    found = [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.rule.startswith(prefix) and not rule.rule.endswith(ending)
    ]
    assert len(found) > 20
    return found


def address(rule: Rule, value: str = "000000000000000000000000") -> str:
    return re.sub(r"<[^>]+>", value, rule.rule)


@pytest.fixture
def credentials(app: Flask, client: FlaskClient, linked: Linked) -> list[dict[str, str]]:
    """A user's and an administrator's; nothing is limited."""
    with app.app_context():
        values = services().preferences.current().model_dump()
        values["rate_limits"] |= {"enabled": False, "login_per_minute": 1_000_000, "register_per_hour": 1_000_000}
        services().preferences.replace(values)
    login = {"email": DEFAULT_ADMIN_EMAIL, "password": DEFAULT_ADMIN_PASSWORD}
    return [bearer(linked.token), bearer(client.post("/api/auth/login", json=login).get_json()["token"])]


def wrong(answer: Any) -> bool:
    return answer.status_code >= 500 and answer.status_code not in FINE


def test_no_broken_body_is_an_internal_error(app: Flask, client: FlaskClient, credentials: list[dict[str, str]]) -> None:
    bad = []
    for method, rule in routes(app, "/api/"):
        for body in BODIES if method != "GET" else BODIES[:3]:
            answer = client.open(address(rule), method=method, data=body, headers=credentials[1], content_type="application/json")
            if wrong(answer):
                bad.append((answer.status_code, method, rule.rule, body[:30]))
    assert not bad


def test_no_hostile_value_of_a_known_field_is_an_internal_error(
    app: Flask, client: FlaskClient, credentials: list[dict[str, str]]
) -> None:
    bad = []
    for method, rule in routes(app, "/api/"):
        if method == "GET":
            continue
        names = _fields_of(client, method, rule, credentials[1])
        for value in HOSTILE:
            body = json.dumps(dict.fromkeys(names, value))
            answer = client.open(address(rule), method=method, data=body, headers=credentials[1], content_type="application/json")
            if wrong(answer):
                bad.append((answer.status_code, method, rule.rule, names, str(value)[:30]))
            for name in names if value in ONE_BY_ONE else ():
                good = {
                    "to": "+12025550123",
                    "message": "x",
                    "email": "a@example.com",
                    "password": "correct horse battery",
                    "name": "x",
                    "wait": 0,
                }
                one = json.dumps({key: text for key, text in good.items() if key in names} | {name: value})
                answer = client.open(
                    address(rule), method=method, data=one, headers=credentials[0], content_type="application/json"
                )
                if wrong(answer):
                    bad.append((answer.status_code, method, rule.rule, name, str(value)[:30]))
    assert not bad


def _fields_of(client: FlaskClient, method: str, rule: Rule, headers: dict[str, str]) -> list[str]:
    """Those of a body that the call doesn't call unknown."""
    return _known(client.open(address(rule), method=method, json={name: [] for name in FIELDS} | {"zz": 1}, headers=headers))


def _known(answer: TestResponse) -> list[str]:
    said = {one["field"]: one["detail"] for one in (answer.get_json(silent=True) or {}).get("errors", [])}
    return [name for name in FIELDS if said and said.get(name) != "is not a known field"]


class Noting(ImmutableMultiDict[str, str]):
    """What of a query or a form is asked for by its name, is noted."""

    asked: ClassVar[set[str]] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


@pytest.fixture
def noting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.request_class, "parameter_storage_class", Noting)


@pytest.fixture
def boss(app: Flask, credentials: list[dict[str, str]]) -> Browser:
    browser = Browser(app)
    browser.login(DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD)
    browser.submit("/settings/password", current_password=DEFAULT_ADMIN_PASSWORD, password="a quite different saying")
    return browser


def test_no_raw_bytes_in_the_address_are_an_internal_error(
    app: Flask, client: FlaskClient, credentials: list[dict[str, str]], boss: Browser
) -> None:
    """Which no browser sends, and Werkzeug's own tools encode."""
    bad = []
    for rule in [*_gettable(app, "/api/"), *_gettable(app, "/")]:
        opened = boss.client if not rule.rule.startswith("/api/") else client
        query = {"QUERY_STRING": "&".join(f"{name}=\xe1" for name in (*FIELDS, "next"))}
        answer = opened.get(address(rule), headers=credentials[1], environ_overrides=query)
        if wrong(answer):
            bad.append((answer.status_code, rule.rule))
    assert not bad


def test_no_hostile_query_of_the_api_is_an_internal_error(
    app: Flask, client: FlaskClient, credentials: list[dict[str, str]]
) -> None:
    bad = []
    for rule in _gettable(app, "/api/"):
        everything = client.get(_with_query(address(rule), FIELDS, "x"), headers=credentials[1])
        for path in (*_hostile_paths(rule), *_hostile_queries(rule, [one for one in _known(everything) if one != "api_key"])):
            answer = client.get(path, headers=credentials[1], buffered=True)
            if wrong(answer):
                bad.append((answer.status_code, path[:120]))
    assert not bad


@pytest.mark.usefixtures("noting")
def test_no_hostile_query_of_a_page_is_an_internal_error(app: Flask, boss: Browser) -> None:
    """With every name that the page looks for in its query."""
    bad, asked = [], set()
    for rule in _gettable(app, "/"):
        Noting.asked.clear()
        boss.open(address(rule)).close()
        names = sorted(Noting.asked)
        asked |= set(names)
        for path in (*_hostile_paths(rule), *_hostile_queries(rule, names)):
            answer = boss.client.get(path, buffered=True)
            if wrong(answer):
                bad.append((answer.status_code, path[:120]))
    assert asked >= {"cursor", "since", "page", "days", "q", "session"}, "noting works"
    assert not bad


def _gettable(app: Flask, prefix: str) -> list[Rule]:
    found = [rule for method, rule in routes(app, prefix) if method == "GET"]
    return [one for one in found if prefix != "/" or not one.rule.startswith("/api/")]


def _hostile_paths(rule: Rule) -> Iterator[str]:
    if "<" in rule.rule:
        yield from (address(rule, value) for value in PATHS)


def _hostile_queries(rule: Rule, names: list[str]) -> Iterator[str]:
    for value in QUERIES if names else ():
        yield _with_query(address(rule), names, value)
    for value in QUERIES_ONE_BY_ONE if len(names) > 1 else ():
        yield from (_with_query(address(rule), [name], value) for name in names)


def _with_query(path: str, names: Iterable[str], value: str) -> str:
    return f"{path}?" + "&".join(f"{name}={value}" for name in names)


@pytest.mark.usefixtures("noting")
def test_no_hostile_form_is_an_internal_error(app: Flask, boss: Browser) -> None:
    bad = []
    token = boss.token("/messages/new")
    for method, rule in routes(app, "/"):
        if method != "POST" or rule.rule.startswith(("/api/", "/internal")):
            continue
        Noting.asked.clear()
        for value in FORMS:
            names = {*FIELDS, *Noting.asked} if len(value) < 10_000 else Noting.asked
            answer = boss.client.post(address(rule), data=dict.fromkeys(names, value) | {"csrf_token": token})
            assert answer.status_code != 413, "nothing of it was looked at"
            if wrong(answer):
                bad.append((answer.status_code, rule.rule, value[:20]))
        raw = f"csrf_token={token}&" + "&".join(f"{name}=%ED%A0%80%FF" for name in FIELDS)
        answer = boss.client.post(address(rule), data=raw, content_type="application/x-www-form-urlencoded")
        if wrong(answer):
            bad.append((answer.status_code, rule.rule, "broken UTF-8"))
    assert not bad
