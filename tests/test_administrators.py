"""There is always an administrator left: against parallel demotions, and against a kill between any two steps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from flask import Flask

from tests.support.web import email
from wabot import config
from wabot.blueprints._context import services
from wabot.errors import Conflict
from wabot.lib.crash_points import ADMIN_POINTS
from wabot.services.administrators import Administrators, is_active_admin
from wabot.store import Store
from wabot.store.connection import open_store

PASSWORD = "correct horse battery staple"
CHILD = """
import sys
from wabot.services.administrators import Administrators
from wabot.store.connection import open_store
Administrators(open_store(sys.argv[1])).change(sys.argv[2], {"role": sys.argv[3]})
"""


@pytest.fixture
def store(app: Flask) -> Iterator[Store]:
    with app.app_context():
        yield services().store


def admins(store: Store) -> set[str]:
    return {one.id for one in store.users.administrators() if is_active_admin(one)}


def sure(store: Store) -> set[str]:
    return {user_id for user_id, entry in store.administrators.read().entries.items() if entry.sure}


def another(store: Store, role: str = "admin") -> str:
    accounts = services().accounts
    return accounts.create_admin(email(), PASSWORD).id if role == "admin" else accounts.register(email(), PASSWORD).id


def test_the_last_one_stays(store: Store) -> None:
    administrators = Administrators(store)
    [first] = admins(store)
    for changes in ({"role": "user"}, {"disabled": True}):
        with pytest.raises(Conflict, match="last administrator"):
            administrators.change(first, changes)
    second = another(store)
    administrators.change(first, {"disabled": True})
    assert admins(store) == {second} == sure(store)
    with pytest.raises(Conflict):
        administrators.change(second, {"role": "user"})
    administrators.change(first, {"role": "user"})
    administrators.change(first, {"disabled": False})
    assert admins(store) == {second}
    administrators.change(first, {"role": "admin"})
    administrators.change(second, {"role": "user"})
    assert admins(store) == {first} == sure(store)


def test_who_has_not_accepted_the_invitation_does_not_count(store: Store) -> None:
    [first] = admins(store)
    store.users.change(another(store), {"invited": True})
    with pytest.raises(Conflict):
        Administrators(store).change(first, {"role": "user"})


def test_who_is_struck_while_being_appointed_is_not_made_sure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Demoted by another between the record's change and the register's."""
    [first], second = admins(store), another(store, "user")
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        if name == "administrators.after-appointment" and steps.count(name) == 1:
            Administrators(store).change(second, {"role": "user"})

    monkeypatch.setattr("wabot.services.administrators.crash_point", step)
    Administrators(store).change(second, {"role": "admin"})
    assert admins(store) == {first}
    assert second not in sure(store)
    with pytest.raises(Conflict):
        Administrators(store).change(first, {"role": "user"})


def test_of_two_that_demote_each_other_one_stays(store: Store, settings: config.Settings) -> None:
    [first], second = admins(store), another(store)
    stores = [open_store(settings.database_uri) for _ in range(4)]
    for _ in range(15):
        together = threading.Barrier(4)

        def demote(number: int, together: threading.Barrier = together) -> bool:
            together.wait()
            try:
                Administrators(stores[number]).change((first, second)[number % 2], {"role": "user"})
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(demote, range(4)))
        left = admins(store)
        assert len(left) == 1 and left == sure(store) and any(done)
        for user_id in (first, second):
            Administrators(store).change(user_id, {"role": "admin"})
        assert admins(store) == {first, second} == sure(store)
    for one in stores:
        one.close()


def test_promotions_demotions_and_switching_off_in_a_crowd(store: Store, settings: config.Settings) -> None:
    """Whatever wins, who is sure in the register is an administrator, and there is one."""
    crowd = [*admins(store), another(store), another(store, "user")]
    Administrators(store).change(another(store), {"role": "user"})
    changes = [{"role": "user"}, {"role": "admin"}, {"disabled": True}, {"disabled": False}]
    orders = list(product(crowd, changes)) * 4

    def give(order: tuple[str, dict[str, object]]) -> None:
        own = open_store(settings.database_uri)
        try:
            Administrators(own).change(*order)
        except Conflict:
            pass
        finally:
            own.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(give, orders))
    assert sure(store) <= admins(store) and admins(store)


@pytest.mark.parametrize("point", ADMIN_POINTS)
def test_killed_there_one_is_left_and_the_order_can_be_given_again(store: Store, settings: config.Settings, point: str) -> None:
    [first], second = admins(store), another(store)
    role = "user" if point.endswith("strike") else "admin"
    if role == "admin":
        Administrators(store).change(second, {"role": "user"})
    armed = settings.data / "run" / f"crash-{point}"
    armed.parent.mkdir(exist_ok=True)
    armed.touch()
    env = {**os.environ, "WABOT_CRASH_POINTS": "1", "WABOT_DATA": str(settings.data)}
    command = [sys.executable, "-c", CHILD, settings.database_uri, second, role]
    killed = subprocess.run(command, env=env, timeout=30, check=False)
    assert killed.returncode == -signal.SIGKILL and not armed.exists()
    assert sure(store) <= admins(store)
    Administrators(store).change(second, {"role": role})
    assert admins(store) == ({first} if role == "user" else {first, second})
    last = first if role == "user" else second
    if last != first:
        Administrators(store).change(first, {"role": "user"})
    with pytest.raises(Conflict):
        Administrators(store).change(last, {"role": "user"})
    assert admins(store) == {last} == sure(store)
