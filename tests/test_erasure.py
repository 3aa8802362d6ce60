"""The end of an account: locked out at once, everything erased in bounded rounds, nothing forgotten."""

from __future__ import annotations

import errno
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.matrix import World, services_of
from tests.support.pages import Browser
from tests.support.web import bearer
from wabot.errors import Conflict, GatewayUnavailable
from wabot.lib.clock import now
from wabot.services import Services
from wabot.services.sessions import Sessions
from wabot.store.idempotency import Remembered
from wabot.store.ids import new_id
from wabot.store.indexes import INDEXES
from wabot.store.personal import KEPT, PERSONAL, WITH_THE_SESSION
from wabot.store.records import Message

STORE = Path(__file__).parent.parent / "wabot" / "store"


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No gateway runs here: what would be logged out there."""
    told: list[str] = []

    def finish(self: Sessions, session: Any, correlation_id: str) -> None:
        told.append(session.id)
        self.store.sessions.change(session.id, session.epoch, {"desired": "off", "status": "disconnected", "linked": False})

    monkeypatch.setattr(Sessions, "finish_logout", finish)
    return told


def test_every_collection_is_erased_or_said_to_be_kept() -> None:
    named = {name for path in STORE.glob("*.py") for name in re.findall(r'db\["(\w+)"\]', path.read_text())}
    listed = {"users", *PERSONAL, *WITH_THE_SESSION, *KEPT}
    assert named | set(INDEXES) == listed, "list the collection in wabot/store/personal.py"


def messages_of(user_id: str, count: int) -> list[Message]:
    moment = now()
    return [
        Message(
            new_id(), user_id, f"session-of-{user_id}", "shop", ("in", "out")[n % 2], "+12025550123", None, "secret words", "sent", moment, moment,
        )
        for n in range(count)
    ]  # fmt: skip


def with_data(world: World) -> None:
    """Something of the owner in every collection."""
    store, owner = world.services.store, world.owner.user
    store.messages.add_many(messages_of(owner.id, 250))
    store.messages.add_many(messages_of(world.other.user.id, 3))
    store.counters.add(owner.id, "20260131", {"accepted": 3})
    store.phones.claim(owner.id, "+15550400777", now())
    session = store.sessions.named(owner.id, "shop")
    assert session
    store.pacing.is_first_to(session.id, "+12025550123", new_id(), now())
    store.idempotency.remember(owner.id, "order-1", Remembered(new_id(), "x"), now() + timedelta(hours=1))
    store.lanes.mark({session.id: owner.id}, now())
    store._db["engine_logins"].insert_one({"_id": f"sandbox:{session.id}", "generation": new_id()})
    world.services.media.want(messages_of(owner.id, 2))
    world.services.mails.notify("password_changed", user_id=owner.id)


def left_of(services: Services, *traces: str) -> dict[str, list[str]]:
    """By collection: the documents in which one of the texts stands."""
    db = services.store._db
    found: dict[str, list[str]] = {}
    for name in set(db.list_collection_names()) - {"audit"}:
        texts = [text for text in map(str, db[name].find()) if any(trace in text for trace in traces)]
        found |= {name: sorted(texts)} if texts else {}
    return found


def erase(services: Services, user_id: str, rounds: int = 50) -> None:
    services.tally.close()  # what is counted in memory is written within a second, before the record may go
    for _ in range(rounds):
        services.erasure.round()
        user = services.store.users.get(user_id)
        if user is None:
            return
        services.store.users.change(user_id, {"erasing_at": now() - timedelta(minutes=1)})
    raise AssertionError(f"not erased after {rounds} rounds")


def test_nothing_of_the_user_is_left_and_nothing_of_others_is_gone(world: World, gateway: list[str]) -> None:
    with_data(world)
    owner, others = world.owner, left_of(world.services, world.other.user.id)
    session = world.things["session_id"]
    missing = {"users", *PERSONAL, *WITH_THE_SESSION} - set(left_of(world.services, owner.user.id, session)) - {"pacing"}
    assert missing == set(), "the test makes data of every kind"
    world.services.erasure.begin(owner.user.id)
    assert left_of(world.services, owner.email) == {}, "the address is free at once"
    locked_out = world.services.store.users.get(owner.user.id)
    assert locked_out and (locked_out.password_hash, locked_out.name, locked_out.disabled) == ("", "", True)
    erase(world.services, owner.user.id)
    assert left_of(world.services, owner.user.id, owner.email, session) == {}
    assert left_of(world.services, world.other.user.id) == others
    assert gateway == [session]


def test_locked_out_at_once(app: Flask, world: World) -> None:
    owner, client = world.owner, app.test_client()
    key = owner.key("read")
    assert client.get("/api/messages", headers=bearer(key)).status_code == 200
    world.services.erasure.begin(owner.user.id)
    assert client.get("/api/messages", headers=bearer(key)).status_code == 401
    assert client.get("/api/auth/me", headers=bearer(owner.token)).status_code == 401
    assert owner.browser.get("/dashboard").status_code == 302
    assert Browser(app).login(owner.email, "correct horse battery").status_code == 401
    assert Browser(app).register(owner.email, "correct horse battery").open("/dashboard").status_code == 200


def test_sessions_are_kept_until_the_gateway_has_logged_them_out(world: World) -> None:
    """No gateway runs here, so WhatsApp can't be told: nothing but the outbox may go before."""
    owner = world.owner.user.id
    world.services.erasure.begin(owner)
    world.services.erasure.round()
    assert world.services.store.sessions.named(owner, "shop")
    assert world.services.store.users.get(owner)
    assert world.services.store.outbox.waiting_of(owner, 10) == 0


def test_a_worker_that_dies_in_between_is_followed_by_the_next(
    world: World, gateway: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_data(world)
    owner, store = world.owner.user.id, world.services.store
    world.services.erasure.begin(owner)
    for attribute in PERSONAL.values():
        part = getattr(store, attribute)
        original = type(part).erase

        def dies(self: Any, user_id: str, limit: int, original: Any = original) -> int:
            original(self, user_id, 1)
            raise GatewayUnavailable("the power is gone")

        with monkeypatch.context() as broken:
            broken.setattr(type(part), "erase", dies)
            with pytest.raises(GatewayUnavailable):
                world.services.erasure._erase(part, owner, float("inf"))
        assert store.users.get(owner), "the user's record goes last"
    erase(world.services, owner)
    assert left_of(world.services, owner) == {}


def test_nothing_is_erased_for_good_before_the_sessions_are_logged_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway is away."""
    owner, store = world.owner.user.id, world.services.store
    store.messages.add_many(messages_of(owner, 3))
    world.services.erasure.begin(owner)
    with pytest.raises(AssertionError, match="not erased"):
        erase(world.services, owner, rounds=3)
    assert store.users.get(owner) and store.sessions.named(owner, "shop"), "or nobody would log it out"


def test_the_record_stays_for_what_was_let_in_before_the_lock(world: World, gateway: list[str]) -> None:
    owner, services = world.owner.user.id, world.services
    services.erasure.begin(owner)
    for _ in range(5):
        services.erasure.round()
    assert services.store.users.get(owner)
    services.store.counters.add(owner, "20260131", {"accepted": 1})
    erase(services, owner)
    assert left_of(services, owner) == {}


def test_a_file_that_can_t_be_erased_is_tried_again_until_it_is_gone(
    world: World, gateway: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    owner, services = world.owner.user.id, world.services
    picture = services.media.files.path(owner, "a" * 64)
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x")
    services.erasure.begin(owner)
    with monkeypatch.context() as stuck:
        stuck.setattr(os, "unlink", _refused)
        with pytest.raises(AssertionError, match="not erased"):
            erase(services, owner, rounds=9)
    assert services.store.users.get(owner), "or nobody would look again"
    assert caplog.text.count("erasure_files_stay") == 4, "the first time, and then with every doubling"
    erase(services, owner)
    assert not picture.parent.parent.exists()


def _refused(path: Any, **_: Any) -> None:
    raise PermissionError(errno.EACCES, "Permission denied", path)


def test_a_long_history_goes_in_bounded_steps(world: World, gateway: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    owner, store = world.owner.user.id, world.services.store
    store.messages.add_many(messages_of(owner, 450))
    sizes: list[int] = []
    original = type(store.messages).erase
    monkeypatch.setattr(type(store.messages), "erase", lambda *asked: sizes.append(original(*asked)) or sizes[-1])
    world.services.erasure.begin(owner)
    erase(world.services, owner)
    assert sum(sizes) >= 450
    assert max(sizes) <= 100


def test_the_last_administrator_stays(app: Flask) -> None:
    services = services_of(app)
    admin = services.accounts.create_admin("first@example.com", "correct horse battery")
    for other in services.store.users.page(limit=10).items:
        if other.id != admin.id:
            services.store.users.change(other.id, {"disabled": True})
    with pytest.raises(Conflict) as refused:
        services.erasure.begin(admin.id)
    assert refused.value.code == "last_admin"
    second = services.accounts.create_admin("second@example.com", "correct horse battery")
    services.erasure.begin(admin.id)
    with pytest.raises(Conflict):
        services.erasure.begin(second.id)
