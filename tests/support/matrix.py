"""Who may call what: a row for each route, and people of every kind to try it.

The people are made anew for each route; those who must be refused come first, and nothing of what the owner has may have
changed after them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from tests.support.allowance import Unlimited
from tests.support.web import bearer
from wabot.lib.clock import now
from wabot.services import Services
from wabot.services.audit import Audited
from wabot.services.drafts import Draft
from wabot.services.keys import SCOPES
from wabot.store.records import User

PASSWORD = "correct horse battery"
CSRF = "0123456789abcdef"
Given = Mapping[str, Any] | Callable[["World"], Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """One method of one route.

    `kind`: `public` (anybody), `page` (a login cookie), `admin page`, `api` (a credential with `scope`), `api login` (a login
    token, no key), `api admin`, `internal`. `ok` is what those answer who may: 503 where only the gateway or the sandbox,
    which don't run here, are missing. `other`: what another user gets; None means his own things, as `ok`. `idle`: why nothing
    that is stored changes by it, though it isn't refused; else a refusal that changed nothing would prove nothing.
    """

    kind: str
    ok: int = 200
    other: int | None = None
    scope: str | None = None
    idle: str | None = None
    path: Given = field(default_factory=dict)
    json: Given | None = None
    form: Given | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def services_of(app: Flask) -> Services:
    """Without an application context: all requests inside of one would share their `g`."""
    return cast(Services, app.extensions["wabot"])


EVERY_SET = [one for size in (1, 2, 3) for one in combinations(SCOPES, size)]


class Person:
    """A user with a browser that is logged in, a login token, and a key for each of these sets of scopes."""

    def __init__(self, app: Flask, role: str = "user", *, keys: Iterable[tuple[str, ...]] = ()) -> None:
        self._app = app
        self.email = f"{secrets.token_hex(6)}@example.com"
        self._services = known = services_of(app)
        if role == "admin":
            self.user: User = known.accounts.create_admin(self.email, PASSWORD)
        else:
            self.user = known.accounts.register(self.email, PASSWORD, "A Person")
        self.browser = self.log_in()
        self.login = known.identity.open_login(self.user, "api")
        self.token = known.identity.token_for(self.user, self.login)
        self.keys = {frozenset(one): known.keys.make(Audited(self.user, ""), "key", list(one), None)[1] for one in keys}

    def log_in(self) -> FlaskClient:
        """The cookie a login page would give, without its hashing."""
        login = self._services.identity.open_login(self.user, "web")
        browser = self._app.test_client()
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = f"{self.user.id}.{self.user.token_version}.{login.id}"
            cookie["_fresh"] = True
            cookie["csrf_token"] = CSRF
        self.cookie_login = login
        return browser

    def key(self, *scopes: str) -> str:
        return self.keys[frozenset(scopes)]


class Worlds:
    """A world for each route: one that is still as it was made serves the next."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._untouched: World | None = None
        self._as_made: dict[str, list[str]] = {}

    @contextmanager
    def one(self, *, changed: Callable[[], bool]) -> Iterator[World]:
        """`changed`: whether it may have been, in ways that are not stored."""
        world, self._untouched = self._untouched or self._new(), None
        yield world
        if changed() or world.snapshot() != self._as_made:
            world.forget()
        else:
            self._untouched = world

    def _new(self) -> World:
        world = World(self._app)
        self._as_made = world.snapshot()
        return world


class World:
    """Everybody, and what the owner has. `things` fills the variables of routes."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.services = services_of(app)
        self._db = self.services.store._db
        self._from_the_start = {
            name: [one["_id"] for one in self._db[name].find({}, {"_id": 1})] for name in self._db.list_collection_names()
        }
        self.owner, self.other = Person(app, keys=EVERY_SET), Person(app)
        self.admin, self.disabled = Person(app, "admin", keys=[SCOPES]), Person(app, keys=[SCOPES])
        self.disabled_key = self.disabled.key(*SCOPES)
        self.services.store.users.change(self.disabled.user.id, {"disabled": True})
        self.dead_browser, self.dead_token, self.dead_key = self._ended()
        self.things = self._things()

    def _ended(self) -> tuple[FlaskClient, str, str]:
        """The owner's own, but logged out and revoked."""
        identity, keys, owner = self.services.identity, self.services.keys, self.owner
        browser = owner.log_in()
        identity.end_login(owner.cookie_login.id)
        login = identity.open_login(owner.user, "api")
        token = identity.token_for(owner.user, login)
        identity.end_login(login.id)
        record, key = keys.make(Audited(owner.user, ""), "revoked", list(SCOPES), None)
        keys.revoke(Audited(owner.user, ""), record.id)
        return browser, token, key

    def _things(self) -> dict[str, Any]:
        known, owner = self.services, self.owner.user
        moment = now()
        session = known.store.sessions.add(
            {
                "user_id": owner.id, "name": "shop", "engine": "webjs", "network": "sandbox", "epoch": 1, "created_at": moment, "since": moment,
                "observed_at": moment, "desired": "on", "linked": True, "status": "reconnecting", "phone": "+12025550999",
            }
        )  # fmt: skip
        draft = Draft("+12025570123", "a message", "shop", send_at=moment + timedelta(hours=1))
        message, _ = known.messages.accept(owner.id, draft, "matrix", Unlimited())
        known.tally.flush()  # or its figures come while somebody is refused
        record, _ = known.keys.make(Audited(owner, ""), "a key", ["read"], None)
        known.store.hearers.begin(
            owner.id, moment, moment + timedelta(days=1)
        )  # or each world waits for other processes to see it
        endpoint = known.webhooks.create(owner.id, {"url": "http://93.184.215.14/hook", "events": ["*"]})
        delivery = known.webhooks.test(owner.id, endpoint.id)
        chat = known.inbox.page(owner.id, limit=1).items[0].chat
        self._db["chats"].update_one({"user_id": owner.id}, {"$set": {"unread": 1}})
        return {
            "session_id": session.id, "message_id": message.id, "key_id": record.id, "name": "shop", "chat_id": chat.id, "user_id": owner.id,
            "number": "12025550999", "filename": "favicon.svg", "login_id": self.owner.login.id,
            "endpoint_id": endpoint.id, "delivery_id": delivery.id,
        }  # fmt: skip

    @property
    def traces(self) -> list[str]:
        """What shows nobody but the owner and administrators."""
        ids = [
            self.things[name]
            for name in ("session_id", "message_id", "key_id", "chat_id", "login_id", "endpoint_id", "delivery_id")
        ]
        return [self.owner.email, self.owner.user.id, *ids]

    def snapshot(self) -> dict[str, list[str]]:
        """All that is stored, but what a mere look may note."""
        noted = {"last_used_at", "last_seen_at"}
        return {
            name: sorted(str({key: value for key, value in one.items() if key not in noted}) for one in self._db[name].find())
            for name in self._db.list_collection_names()
            if name not in ("idempotency",) and not name.startswith("limit")
        }

    def owned(self) -> set[str]:
        """Of all that is stored, what names the owner."""
        return {one for found in self.snapshot().values() for one in found if self.owner.user.id in one}

    def forget(self) -> None:
        """All that is stored since the web began, so that the next world finds it empty."""
        self.services.tally.flush()
        for name in self._db.list_collection_names():
            self._db[name].delete_many({"_id": {"$nin": self._from_the_start.get(name, [])}})


def ask(
    world: World, row: Row, method: str, rule: str, client: FlaskClient, *, forged: bool = False, **more: Any
) -> TestResponse:
    """Call the route as `row` says, with this client and these headers; `forged`: without the form's token."""
    path = rule
    for name, value in {**world.things, **_given(row.path, world)}.items():
        for written in (f"<{name}>", f"<path:{name}>"):
            path = path.replace(written, str(value))
    assert "<" not in path, f"nothing to put into {path}"
    token = {} if forged else {"X-CSRFToken": form_token(world.app)}
    arguments: dict[str, Any] = {"query_string": dict(row.query), "headers": {**token, **row.headers, **more.pop("headers", {})}}
    if row.json is not None:
        arguments["json"] = dict(_given(row.json, world))
    elif row.form is not None:
        arguments["data"] = dict(_given(row.form, world))
    return client.open(path, method=method, buffered=True, **arguments, **more)


def _given(values: Given, world: World) -> Mapping[str, Any]:
    return values(world) if callable(values) else values


def stranger(app: Flask) -> FlaskClient:
    """A browser that has opened a page with a form, and is logged in nowhere."""
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["csrf_token"] = CSRF
    return browser


def form_token(app: Flask) -> str:
    """What stands in the hidden field of our forms (Flask-WTF's `generate_csrf`)."""
    return str(URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(CSRF))


def with_token(token: str) -> dict[str, Any]:
    return {"headers": bearer(token)}
