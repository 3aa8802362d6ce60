"""Mail addresses: a new one is proved before it counts; where it is wanted, the first one is, too."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.mailbox import text_of
from tests.support.pages import Browser
from tests.support.recovery import NEW, Post, forgot, login, reset, token_of
from tests.support.web import email, register
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.services import Services
from wabot.services.links import InvalidToken


def test_a_new_address_is_confirmed_at_the_new_one_and_the_old_one_is_told(app: Flask, made: dict[str, Any], post: Post) -> None:
    person, old, new = Browser(app), made["user"]["email"], email()
    person.login(old, "correct horse")
    assert person.submit("/settings", "/settings/email", current_password="wrong", email=new).status_code == 422
    assert person.submit("/settings", "/settings/email", current_password="correct horse", email=new.upper()).status_code == 302
    (asked,) = post()
    assert asked["To"] == new
    path = f"/confirm/{token_of(asked)}"
    assert new in person.open(path).get_data(as_text=True)
    assert Browser(app).login(old, "correct horse").status_code == 302, "nothing has changed by looking"
    assert person.submit(path).status_code == 302
    assert person.open("/dashboard").status_code == 200
    assert Browser(app).login(new, "correct horse").status_code == 302
    assert Browser(app).login(old, "correct horse").status_code == 401
    told = post()[-1]
    assert told["To"] == old and new in text_of(told)
    assert person.open(path).status_code == 400
    ways = [one.open(path).get_data(as_text=True) for one in (person, Browser(app))]
    assert ['href="/settings#email"' in one for one in ways] == [True, False], "who is logged in asks for another link there"
    assert ['href="/confirm"' in one for one in ways] == [False, True]


def test_the_link_is_dead_after_another_change(house: Services, made: dict[str, Any]) -> None:
    user = house.store.users.get(made["user"]["id"])
    assert user
    links = [house.links.make("change_address", user, address).rpartition("/")[2] for address in (email(), email())]
    house.addresses.confirm(links[0], "")
    with pytest.raises(InvalidToken):
        house.addresses.confirm(links[1], "")


def test_the_link_is_dead_also_when_the_old_address_is_back(house: Services, made: dict[str, Any]) -> None:
    """Or whoever has a mailbox that was typed by mistake could take the account as often as they like."""

    def confirm(address: str) -> str:
        user = house.store.users.get(made["user"]["id"])
        assert user
        token = house.links.make("change_address", user, address).rpartition("/")[2]
        house.addresses.confirm(token, "")
        return token

    used = confirm(email())
    confirm(made["user"]["email"])
    with pytest.raises(InvalidToken):
        house.addresses.confirm(used, "")


def test_an_address_taken_meanwhile_is_refused(app: Flask, house: Services, client: FlaskClient, made: Any) -> None:
    user, wanted = house.store.users.get(made["user"]["id"]), email()
    assert user
    path = f"/confirm/{house.links.make('change_address', user, wanted).rpartition('/')[2]}"
    register(client, wanted)
    person = Browser(app)
    person.login(user.email, "correct horse")
    assert person.submit(path).status_code == 409
    assert person.submit("/settings", "/settings/email", current_password="correct horse", email=wanted).status_code == 409


class TestConfirmation:
    @pytest.fixture(autouse=True)
    def _wanted(self, house: Services) -> None:
        house.preferences.replace({**house.preferences.current().model_dump(), "confirm_email": True})

    def test_logging_in_needs_the_link(self, app: Flask, client: FlaskClient, post: Post) -> None:
        address = email()
        answer = client.post("/api/auth/register", json={"email": address, "password": "correct horse"})
        assert (answer.status_code, answer.get_json()["token"]) == (201, None)
        refused = client.post("/api/auth/login", json={"email": address, "password": "correct horse"})
        assert (refused.status_code, refused.get_json()["code"]) == (403, "email_unconfirmed")
        assert login(client, address, "wrong horse") == 401
        person = Browser(app)
        assert "/confirm" in person.login(address, "correct horse").get_data(as_text=True)
        (mail,) = post()
        confirmed = client.post("/api/auth/confirm-address", json={"token": token_of(mail)})
        assert (confirmed.status_code, login(client, address, "correct horse")) == (200, 200)

    def test_the_mail_is_sent_again_to_those_who_need_it(self, app: Flask, post: Post) -> None:
        person, address = Browser(app), email()
        answer = person.submit("/register", email=address, password="correct horse")
        assert answer.headers["Location"].startswith("/confirm")
        assert person.submit("/confirm", email=address).status_code == 302
        assert person.submit("/confirm", email=DEFAULT_ADMIN_EMAIL).status_code == 302
        assert [one["To"] for one in post()] == [address, address]

    def test_a_reset_confirms_too_and_those_from_before_are_let_in(self, client: FlaskClient, post: Post) -> None:
        address = email()
        client.post("/api/auth/register", json={"email": address, "password": "correct horse"})
        forgot(client, address)
        assert reset(client, token_of(post()[-1])).status_code == 200
        assert login(client, address, NEW) == 200
        assert login(client, DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD) == 200
