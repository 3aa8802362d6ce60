"""Who calls and by which session is looked up once for many requests, and never believed longer than it is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from tests.support.waiting import wait_until
from wabot.config import Settings
from wabot.lib.clock import now
from wabot.services import Services
from wabot.services.audit import Audited
from wabot.store import Store
from wabot.store.connection import open_store
from wabot.store.ids import new_id
from wabot.store.recent import KEPT_SECONDS, Recent, Writes
from wabot.store.records import Login, User

MOMENT = 10 * KEPT_SECONDS
"""Seconds: what others wrote is seen long before."""


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions["wabot"]
    return found


@pytest.fixture
def other(settings: Settings) -> Iterator[Store]:
    """As another process has it."""
    store = open_store(settings.database_uri)
    yield store
    store.close()


@pytest.fixture
def user(services: Services) -> User:
    fields = {"email": f"{new_id()}@x.test", "name": "x", "role": "user", "password_hash": "-", "created_at": now()}
    return services.store.users.add(fields)


def a_login(store: Store, user: User) -> Login:
    login = Login(new_id(), user.id, "api", now(), now() + timedelta(hours=1))
    store.logins.add(login)
    return login


def is_known(store: Store, login: Login) -> bool:
    return store.logins.with_user(login.id, login.user_id, now()) is not None


def test_what_was_just_read_is_not_read_again(services: Services, other: Store, user: User) -> None:
    login = a_login(services.store, user)
    assert is_known(services.store, login)
    other.logins.end(login.id)
    assert is_known(services.store, login), "within the same moment"
    wait_until(lambda: not is_known(services.store, login), MOMENT, "what another process ended is dead")


def test_what_ended_here_is_dead_at_once(services: Services, user: User) -> None:
    store = services.store
    for end in (store.logins.end, lambda one: store.logins.end_of_user(user.id, one), lambda _: store.logins.end_all(user.id)):
        login = a_login(store, user)
        assert is_known(store, login)
        end(login.id)
        assert not is_known(store, login)


def test_a_changed_user_is_seen_at_once(services: Services, user: User) -> None:
    store = services.store
    login = a_login(store, user)
    for number in range(20):
        assert store.users.change(user.id, {"name": f"name {number}"})
        found = store.logins.with_user(login.id, user.id, now())
        assert found
        assert found[1].name == f"name {number}"


def test_a_revoked_key_is_refused_at_once(services: Services, user: User) -> None:
    record, key = services.keys.make(Audited(user, ""), "x", ["send"], None)
    assert services.identity.by_key(key).user.id == user.id
    assert services.store.keys.with_user(record.prefix)
    services.keys.revoke(Audited(user, ""), record.id)
    assert services.store.keys.with_user(record.prefix) is None


def test_a_session_is_never_older_than_it_was_shown(services: Services, other: Store, user: User) -> None:
    sessions = services.store.sessions
    fields = {"name": "default", "network": "sandbox", "engine": "webjs", "status": "qr", "epoch": 1}
    added = sessions.add({**fields, "user_id": user.id, "created_at": now()})
    assert sessions.lately(user.id, "default")
    assert other.sessions.change(added.id, added.epoch, {"status": "connected"})
    shown, lately = sessions.named(user.id, "default"), sessions.lately(user.id, "default")
    assert shown
    assert lately
    assert shown.status == lately.status == "connected"


def test_several_web_processes_read_each_time(other: Store, services: Services, user: User) -> None:
    """One that isn't alone has no `Writes`, nor has a worker."""
    login = a_login(services.store, user)
    assert is_known(other, login)
    services.store.logins.end(login.id)
    assert not is_known(other, login)


def test_a_slow_look_puts_nothing_older_in_place_of_a_newer_one() -> None:
    looks: list[str] = []

    def read(_: str) -> str:
        looks.append("")
        if len(looks) == 1:
            assert recent.read("key") == "new", "another look, begun and ended meanwhile"
            return "old"
        return "new"

    recent: Recent[str, str] = Recent(read, Writes(), "things")
    assert recent.read("key") == "old"
    assert recent.get("key") == "new"


def test_what_was_written_while_it_was_read_is_not_kept() -> None:
    writes = Writes()
    values = iter(["old", "new"])
    forgets: list[Callable[[], None]] = []

    def read(_: str) -> str:
        value = next(values)
        if value == "old":
            forgets[0]()
        return value

    recent: Recent[str, str] = Recent(read, writes, "things")
    forgets += writes._forget["things"]
    assert recent.get("key") == "old"
    assert recent.get("key") == "new"
    assert recent.get("key") == "new", "which is kept"


def let_it_age(recent: Recent[str, str], key: str) -> None:
    read_at, value = recent._known[key]
    recent._known[key] = (read_at - KEPT_SECONDS * 0.75, value)


def test_one_of_many_reads_anew_before_it_is_too_old() -> None:
    looks: list[str] = []

    def read(_: str) -> str:
        looks.append("")
        if len(looks) == 2:
            assert recent.get("key") == "old", "others go on meanwhile, with what is known"
            return "new"
        return "old"

    recent: Recent[str, str] = Recent(read, Writes(), "things")
    assert recent.get("key") == "old"
    let_it_age(recent, "key")
    assert recent.get("key") == "new"
    assert recent.get("key") == "new"
    assert len(looks) == 2


def test_what_is_found_gone_is_gone_for_all() -> None:
    looks: list[str] = []

    def read(_: str) -> str | None:
        looks.append("")
        if len(looks) == 3:
            assert recent.get("key") is None, "also for who comes while another looks again"
        return "there" if len(looks) == 1 else None

    recent: Recent[str, str] = Recent(read, Writes(), "things")
    assert recent.get("key") == "there"
    let_it_age(recent, "key")
    assert recent.get("key") is None
    assert recent.get("key") is None
