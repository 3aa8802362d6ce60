"""Fixtures everybody has. `stack` is the whole product running; `app` and `client` are web alone, in this process, on a real database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.stack import CHEAP_SCRYPT

os.environ["WABOT_TEST_SCRYPT"] = CHEAP_SCRYPT  # before wabot.lib.passwords is imported

from tests.support import limits
from tests.support.api import Api
from tests.support.boss import boss as boss
from tests.support.compiled import compile_once
from tests.support.contract import CheckedClient
from tests.support.database import Database
from tests.support.lane import lane as lane
from tests.support.owner import Owner, no_faults
from tests.support.plans import PLANS
from tests.support.recovery import house as house
from tests.support.recovery import made as made
from tests.support.recovery import post as post
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.support.web import linked as linked
from tests.support.web import settings_for
from wabot import config
from wabot.app import create_app
from wabot.services import Services

compile_once()

LONG = (
    "test_processes", "test_every_page", "test_session_truth", "test_crash_points", "test_workers",
    "test_chaos_weather", "test_connect", "test_cycles", "test_chaos", "test_webhooks_through_kills", "test_session_faults",
    "test_fuzz", "test_made_up_calls", "test_inbox_live", "test_settings", "test_admin", "test_compose", "test_right_to_left",
    "test_journey", "test_limits_several_processes", "test_several_webs",
)  # fmt: skip
"""Files that take longest, which begin: what comes last should be short, or one waits for it alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda one: LONG.index(one.path.stem) if one.path.stem in LONG else len(LONG))


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """One wabot for all tests that leave it as it was. Tests that kill its programs or need other settings take `stacks`."""
    running = Stack(WABOT_WEBHOOK_ALLOW="127.0.0.1", WABOT_WEBHOOK_RETRIES="0" + 15 * ",2")
    running.start()
    limits.lift(running)
    yield running
    _end(running, failed=bool(request.session.testsfailed))


@pytest.fixture(scope="module")
def stacks(request: pytest.FixtureRequest) -> Iterator[Callable[..., Stack]]:
    """Makes wabots of this module's own, not started yet: `stacks(WABOT_SANDBOX="0").start()`.

    They are killed in the end: stopping takes six seconds, and is seen with `stack`, `restless` and in test_processes.
    """
    made: list[Stack] = []

    def new(**settings: str) -> Stack:
        made.append(Stack(**settings))
        return made[-1]

    yield new
    errors = []
    for one in made:
        try:
            _end(one, failed=bool(request.session.testsfailed), kill=True)
        except AssertionError as error:
            errors.append(str(error))
    assert not errors, "\n".join(errors)


@pytest.fixture(scope="session")
def restless(request: pytest.FixtureRequest) -> Iterator[Owner]:
    """One wabot for the tests that kill its processes and switch faults on; patience is cut short where waiting is what is tested."""
    running = Stack(WA_SYNC_GRACE_MS="3000", WA_SYNC_TIMEOUT_MS="8000", WA_QR_ROTATIONS="2")
    running.start()
    owner = Owner(running)
    yield owner
    _end(running, failed=bool(request.session.testsfailed), kill=True)


@pytest.fixture
def unharmed(restless: Owner) -> Iterator[Owner]:
    """`restless`, and afterwards no fault is left on and no process has slipped away."""
    with restless.family.looking():
        yield restless
    no_faults(restless.stack)
    restless.no_orphans()


@pytest.fixture
def newcomer(unharmed: Owner) -> Iterator[Api]:
    """A user of this test's own on `restless`, whose session is ended afterwards."""
    user = Api(unharmed.stack, "newcomer").register()
    yield user
    wait_until(unharmed.stack.ready, 20, "ready again")
    user.disconnect()


def _end(stack: Stack, *, failed: bool, kill: bool = False) -> None:
    try:
        if kill:
            stack.abandon()
        else:
            stack.stop()
    except AssertionError:
        failed = True
        raise
    finally:
        if failed:
            print(f"\nkept for a look: {stack.data}")
        else:
            stack.remove()


@pytest.fixture(scope="session")
def new_user(stack: Stack) -> Callable[[str], Api]:
    """Registers one more user of the shared stack."""
    return lambda name: Api(stack, name).register()


@pytest.fixture(scope="session")
def alice(stack: Stack) -> Api:
    return Api(stack, "alice").register()


@pytest.fixture(scope="session")
def bob(stack: Stack) -> Api:
    return Api(stack, "bob").register()


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Api:
    return Api(stack, "admin").login(config.DEFAULT_ADMIN_EMAIL, config.DEFAULT_ADMIN_PASSWORD)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    running = Database(tmp_path_factory.mktemp("db"))
    running.start()
    yield running
    whole_reads = PLANS.whole_reads(running)
    running.stop()
    assert not whole_reads, "\n".join(["of collections that grow, all would be read by", *whole_reads])


@pytest.fixture
def db(database: Database) -> Iterator[str]:
    """The URI of an empty database, which is gone afterwards: every minute each one's expired records are looked for."""
    uri = database.new_uri()
    yield uri
    database.drop(uri)


@pytest.fixture
def settings(db: str, tmp_path: Path) -> config.Settings:
    return settings_for(db, tmp_path / "var")


@pytest.fixture
def app(settings: config.Settings) -> Iterator[Flask]:
    with _running(settings) as web:
        yield web


@pytest.fixture(scope="module")
def lasting_app(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One for all tests of a module that leave it as it was; nobody is limited by address."""
    with _running(settings_for(database.new_uri(), tmp_path_factory.mktemp("lasting") / "var")) as web:
        preferences = web.extensions["wabot"].preferences
        values = preferences.current().model_dump()
        values["rate_limits"] |= {"login_per_minute": limits.PLENTY, "register_per_hour": limits.PLENTY}
        preferences.replace(values)
        yield web


@contextmanager
def _running(settings: config.Settings) -> Iterator[Flask]:
    web = create_app(settings)
    web.testing = True
    web.test_client_class = CheckedClient
    yield web
    web.extensions["wabot"].close()


@pytest.fixture
def known(app: Flask) -> Services:
    """The services of `app`."""
    found: Services = app.extensions["wabot"]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
