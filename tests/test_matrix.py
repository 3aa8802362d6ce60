"""Every route by everybody: anonymous, another user, the owner, an admin, a disabled user, an ended credential, a wrong scope.

A route without a row fails; so does a row whose route is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.matrix_rows import ROWS
from tests.support.matrix import Person, Row, World, Worlds, ask, stranger, with_token
from wabot.services.engines import Engine, Engines
from wabot.services.keys import SCOPES

METHODS = {"HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def worlds(lasting_app: Flask) -> Worlds:
    return Worlds(lasting_app)


@pytest.fixture
def world(worlds: Worlds, route: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(Engines, "all", lambda _: [Engine("webjs", "a browser"), Engine("baileys", "light", light=True)])
    failures = request.session.testsfailed
    # A form may leave words for the next page in the cookies.
    with worlds.one(changed=lambda: not route.startswith("GET ") or request.session.testsfailed > failures) as made:
        yield made


def _routes(app: Flask) -> set[str]:
    return {f"{method} {rule.rule}" for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - METHODS}


def test_every_route_has_a_row_and_every_row_a_route(lasting_app: Flask) -> None:
    routes = _routes(lasting_app)
    assert routes - set(ROWS) == set(), "add a row to tests/matrix_rows.py"
    assert set(ROWS) - routes == set()


@pytest.mark.parametrize("route", sorted(ROWS))
def test_everybody_gets_the_right_answer(world: World, route: str) -> None:
    method, rule = route.split(" ", 1)
    row = ROWS[route]
    before = world.snapshot()
    for who, answer, status in (*_refused(world, row, method, rule), *_forged(world, row, method, rule)):
        assert answer.status_code == status, f"{who}: {answer.status} {answer.get_data(as_text=True)[:300]}"
    assert world.snapshot() == before, "somebody who was refused changed something"
    before = world.owned()
    for who, answer in _their_own(world, row, method, rule):
        assert answer.status_code == row.ok, f"{who}: {answer.status} {answer.get_data(as_text=True)[:300]}"
        assert [one for one in world.traces if one.encode() in answer.data] == [], f"{who} sees what is the owner's"
    assert world.owned() == before, "somebody changed what is the owner's"
    before = world.snapshot()
    for who, answer in _served(world, row, method, rule):
        assert answer.status_code == row.ok, f"{who}: {answer.status} {answer.get_data(as_text=True)[:300]}"
    if method != "GET" and row.kind not in ("public", "internal") and (row.ok < 400 or row.ok == 503):
        assert (world.snapshot() == before) == bool(row.idle), "whoever may changes something, unless `idle` says why not"


Refused = Iterator[tuple[str, TestResponse, int]]


def _refused(world: World, row: Row, method: str, rule: str) -> Refused:
    """(who, the answer, what it must be) for everybody who may not."""
    yield from {"page": _by_cookie, "admin page": _by_cookie, "internal": _internal}.get(row.kind, _by_credential)(
        world, row, method, rule
    )


def _by_cookie(world: World, row: Row, method: str, rule: str) -> Refused:
    anonymous = stranger(world.app)
    refusal = 302 if method == "GET" else 401  # a page that keeps what was typed
    for who, browser in (("anonymous", anonymous), ("disabled", world.disabled.browser), ("logged out", world.dead_browser)):
        answer = ask(world, row, method, rule, browser)
        yield who, answer, refusal
        assert "/login" in (answer.headers["Location"] if refusal == 302 else answer.get_data(as_text=True))
    answer = ask(world, row, method, rule, anonymous, **with_token(world.owner.token))
    yield "a token instead of a cookie", answer, refusal
    if row.kind == "admin page":
        yield "a user", ask(world, row, method, rule, world.owner.browser), 403
    elif row.other is not None:
        yield "another user", ask(world, row, method, rule, world.other.browser), row.other
        yield "an admin", ask(world, row, method, rule, world.admin.browser), row.other


def _forged(world: World, row: Row, method: str, rule: str) -> Refused:
    """No form is taken from another site or without its token."""
    if method == "GET" or row.kind not in ("page", "admin page"):
        return
    browser = world.admin.browser if row.kind == "admin page" else world.owner.browser
    answer = ask(world, row, method, rule, browser, forged=True)
    yield "without the form's token", answer, 400
    assert "Nothing was done." in answer.get_data(as_text=True)
    yield "from another site", ask(world, row, method, rule, browser, headers={"Sec-Fetch-Site": "cross-site"}), 403


def _by_credential(world: World, row: Row, method: str, rule: str) -> Refused:
    if row.kind == "public":
        return
    client = world.app.test_client()

    def call(token: str) -> TestResponse:
        return ask(world, row, method, rule, client, **with_token(token))

    yield "anonymous", ask(world, row, method, rule, client), 401
    yield "a cookie instead of a token", ask(world, row, method, rule, world.owner.browser), 401
    for who, token in (
        ("a disabled user", world.disabled.token), ("a disabled user's key", world.disabled_key),
        ("an ended token", world.dead_token), ("a revoked key", world.dead_key), ("nonsense", "wb_00000000_nonsense"),
    ):  # fmt: skip
        yield who, call(token), 401
    if row.kind == "api":
        wrong = world.owner.key(*(one for one in SCOPES if one != row.scope))
        yield "a key without the scope", call(wrong), 403
        if row.other is not None:
            yield "another user", call(world.other.token), row.other
            yield "an admin", call(world.admin.token), row.other
        return
    person = world.admin if row.kind == "api admin" else world.owner
    yield "a key", call(person.key(*SCOPES)), 403
    if row.kind == "api admin":
        yield "a user", call(world.owner.token), 403
    elif row.other is not None:
        yield "another user", call(world.other.token), row.other


def _internal(world: World, row: Row, method: str, rule: str) -> Refused:
    client = world.app.test_client()
    yield "anonymous", ask(world, row, method, rule, client), 401
    yield "an admin's token", ask(world, row, method, rule, client, **with_token(world.admin.token)), 401
    right: dict[str, Any] = with_token(world.services.settings.secret("internal_secret"))
    right["headers"]["X-Forwarded-For"] = "127.0.0.1"
    yield "through a proxy", ask(world, row, method, rule, client, **right), 404


def _their_own(world: World, row: Row, method: str, rule: str) -> Iterator[tuple[str, TestResponse]]:
    """Where everybody gets their own, or nobody is asked who they are."""
    others = (("another user", world.other), ("an admin", world.admin))
    if row.kind == "public":
        for who, browser in (("a disabled user", world.disabled.browser), ("logged out", world.dead_browser)):
            yield who, ask(world, row, method, rule, browser)
        yield "an ended token", ask(world, row, method, rule, stranger(world.app), **with_token(world.dead_token))
    elif row.kind == "page" and row.other is None:
        yield from ((who, ask(world, row, method, rule, person.browser)) for who, person in others)
    elif row.kind in ("api", "api login") and row.other is None:
        client = world.app.test_client()
        yield from ((who, ask(world, row, method, rule, client, **with_token(person.token))) for who, person in others)


def _served(world: World, row: Row, method: str, rule: str) -> Iterator[tuple[str, TestResponse]]:
    """Those who may; the owner's last, since it may end what the others need."""
    if row.kind == "public":
        yield "anybody", ask(world, row, method, rule, stranger(world.app))
    elif row.kind == "internal":
        token = world.services.settings.secret("internal_secret")
        yield "our own process", ask(world, row, method, rule, world.app.test_client(), **with_token(token))
    elif row.kind in ("page", "admin page"):
        person = world.admin if row.kind == "admin page" else world.owner
        yield "whoever may", ask(world, row, method, rule, person.browser)
    else:
        yield from _served_api(world, row, method, rule)


def _served_api(world: World, row: Row, method: str, rule: str) -> Iterator[tuple[str, TestResponse]]:
    person: Person = world.admin if row.kind == "api admin" else world.owner
    token = person.key(row.scope or "") if row.kind == "api" else person.token
    yield "whoever may", ask(world, row, method, rule, world.app.test_client(), **with_token(token))
