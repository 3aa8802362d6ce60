"""Guessing passwords gets slower and slower, and locks nobody else out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.matrix import services_of
from tests.support.pages import Browser
from tests.support.web import email, register
from wabot.app import create_app
from wabot.blueprints._context import services
from wabot.config import Settings
from wabot.errors import OtpRequired
from wabot.lib.clock import now
from wabot.services import login_guard
from wabot.services.login_guard import ACCOUNT, ADDRESS

GUESSER = "192.0.2.1"
OWNER = "198.51.100.1"


@pytest.fixture(autouse=True)
def quickly(app: Flask) -> None:
    """Many logins a minute: the pauses are what is tested."""
    with app.app_context():
        values = services().preferences.current().model_dump()
        values["rate_limits"]["login_per_minute"] = 10_000
        services().preferences.replace(values)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`clock(5)` lets five seconds pass for the guard."""
    passed = timedelta(0)

    def go_on(seconds: float) -> None:
        nonlocal passed
        passed += timedelta(seconds=seconds)

    monkeypatch.setattr(login_guard, "now", lambda: now() + passed)
    return go_on


def log_in(client: FlaskClient, address: str, password: str, source: str) -> Any:
    return client.post("/api/auth/login", json={"email": address, "password": password}, environ_base={"REMOTE_ADDR": source})


def guess(client: FlaskClient, address: str, times: int, source: str = GUESSER) -> list[int]:
    return [log_in(client, address, f"guess {number}", source).status_code for number in range(times)]


def test_pauses_grow_where_the_guesses_come_from_and_nowhere_else(client: FlaskClient, clock: Any) -> None:
    owner = register(client)["user"]["email"]
    assert guess(client, owner, 7) == [401] * 5 + [429] * 2
    paused = log_in(client, owner, "correct horse", GUESSER)
    assert (paused.status_code, paused.get_json()["code"], paused.headers["Retry-After"]) == (429, "rate_limited", "5")
    assert log_in(client, owner, "correct horse", OWNER).status_code == 200, "the owner is not locked out"
    clock(5)
    assert guess(client, owner, 2) == [401, 429]
    assert log_in(client, owner, "x", GUESSER).headers["Retry-After"] == "10"
    clock(10)
    assert log_in(client, owner, "correct horse", GUESSER).status_code == 200
    assert guess(client, owner, 5) == [401] * 5, "a right password begins anew"


def test_however_an_address_is_written_its_guesses_are_counted_together(client: FlaskClient) -> None:
    owner = register(client)["user"]["email"]
    codes = [log_in(client, written, "guess", GUESSER).status_code for written in [owner, owner.upper(), f" {owner} "] * 2]
    assert codes == [401] * 5 + [429]


def test_failures_are_remembered_for_longer_than_the_longest_pause(client: FlaskClient, clock: Any) -> None:
    owner = register(client)["user"]["email"]
    guess(client, owner, 5)
    clock(ACCOUNT.longest + 1)
    assert guess(client, owner, 2) == [401, 429]
    assert log_in(client, owner, "x", GUESSER).headers["Retry-After"] == "10"


def test_a_right_password_without_its_code_is_no_failure(app: Flask) -> None:
    guard = services_of(app).login_guard
    for _ in range(ACCOUNT.free + 1):
        with pytest.raises(OtpRequired), guard.attempt("jo@example.com", GUESSER):
            raise OtpRequired


def test_unknown_accounts_are_answered_the_same(client: FlaskClient) -> None:
    known, unknown = register(client)["user"]["email"], email()
    answers = [[log_in(client, who, "guess", GUESSER) for _ in range(7)] for who in (known, unknown)]
    same = [[(one.status_code, one.get_json()["code"], one.get_json()["detail"]) for one in some] for some in answers]
    assert same[0] == same[1]


def test_an_ipv6_guesser_has_one_address_for_all_of_theirs(client: FlaskClient) -> None:
    owner = register(client)["user"]["email"]
    codes = [log_in(client, owner, "guess", f"2001:db8::{number}").status_code for number in range(6)]
    assert codes == [401] * 5 + [429]
    assert guess(client, owner, 1, "2001:db8:0:1::1") == [401]


def test_guesses_at_many_accounts_are_counted_for_the_address(client: FlaskClient) -> None:
    codes = [log_in(client, email(), "guess", GUESSER).status_code for _ in range(ADDRESS.free + 1)]
    assert codes == [401] * ADDRESS.free + [429]


def test_a_restart_forgives_nothing(client: FlaskClient, settings: Settings) -> None:
    owner = register(client)["user"]["email"]
    guess(client, owner, 5)
    again = create_app(settings)
    try:
        assert log_in(again.test_client(), owner, "correct horse", GUESSER).status_code == 429
    finally:
        again.extensions["wabot"].close()


def test_the_page_says_so_and_keeps_what_was_typed(app: Flask, client: FlaskClient) -> None:
    owner = register(client)["user"]["email"]
    guess(client, owner, 5, "127.0.0.1")
    page = Browser(app).login(owner, "correct horse")
    assert (page.status_code, page.headers["Retry-After"]) == (429, "5")
    assert "Logging in failed too often. Try again in 5 seconds." in page.get_data(as_text=True)
    assert owner in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("page", "path", "more"),
    [("/settings/password", "", {"password": "another horse"}), ("/settings", "/settings/email", {"email": "x@example.com"}),
     ("/settings/second-factor", "", {"otp": "123456", "setup": "x"})],
)  # fmt: skip
def test_whoever_sits_at_a_page_left_open_guesses_no_quicker(app: Flask, page: str, path: str, more: dict[str, str]) -> None:
    address = email()
    thief = Browser(app).register(address)
    with app.app_context():
        user = services().store.users.by_email(address)
        assert user
    if "otp" in more:
        more = {**more, "setup": services_of(app).second_factor.begin(user).sealed}
    codes = [thief.submit(page, path or page, current_password=f"guess {number}", **more).status_code for number in range(6)]
    assert codes == [422] * 5 + [429]
    assert log_in(app.test_client(), address, "correct horse", OWNER).status_code == 200


def test_pauses_have_an_end() -> None:
    assert [ACCOUNT.pause(count) for count in (4, 5, 6, 7, 12, 1000)] == [0, 5, 10, 20, 640, 900]
