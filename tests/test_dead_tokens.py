"""A login token carries its login and the version of its user's logins; it is dead the moment either is."""

from __future__ import annotations

from collections.abc import Callable

import jwt
import pytest
from flask import Flask

from tests.support.matrix import PASSWORD, Person, services_of
from tests.support.web import bearer
from wabot.services import Services
from wabot.services.audit import Audited


def logout(app: Flask, person: Person) -> None:
    assert app.test_client().post("/api/auth/logout", headers=bearer(person.token)).status_code == 204


def of_service(work: Callable[[Services, Person], object]) -> Callable[[Flask, Person], None]:
    def end(app: Flask, person: Person) -> None:
        work(services_of(app), person)

    return end


ENDS = {
    "logout": logout,
    "ended in the list": of_service(lambda known, person: known.logins.end(person.user.id, person.login.id)),
    "logout everywhere": of_service(lambda known, person: known.accounts.end_logins(person.user.id)),
    "a new password": of_service(
        lambda known, person: known.accounts.change_password(Audited(person.user, ""), PASSWORD, "another horse battery")
    ),
    "a reset password": of_service(lambda known, person: known.accounts.set_password(person.user, "another horse battery")),
    "disabled": of_service(lambda known, person: known.store.users.change(person.user.id, {"disabled": True})),
    "deleted": of_service(lambda known, person: known.erasure.begin(person.user.id)),
    "only a newer version": of_service(lambda known, person: known.store.users.end_logins(person.user.id)),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_token_is_dead_at_once_and_so_is_a_copied_cookie(app: Flask, end: str) -> None:
    person, client = Person(app), app.test_client()
    assert client.get("/api/auth/me", headers=bearer(person.token)).status_code == 200
    ENDS[end](app, person)
    answer = client.get("/api/auth/me", headers=bearer(person.token))
    assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_token")
    if end not in ("logout", "ended in the list"):
        assert person.browser.get("/dashboard").status_code == 302


def test_it_says_what_it_is_bound_to_and_lives_for_a_day(app: Flask) -> None:
    person = Person(app)
    claims = jwt.decode(person.token, options={"verify_signature": False})
    assert (claims["sub"], claims["jti"], claims["ver"]) == (person.user.id, person.login.id, person.user.token_version)
    assert claims["exp"] - claims["iat"] == 24 * 3600
