"""The second factor: set up with a code, asked for at every login, each code good once, recovery codes, pauses, administrators."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support import mailbox
from tests.support.factor import PAGE, PASSWORD, code_at, enter_code, shown_secret, turn_on
from tests.support.matrix import services_of
from tests.support.pages import Browser
from tests.support.waiting import wait_until
from tests.support.web import bearer, email
from wabot.errors import InvalidOtp, WabotError
from wabot.lib.clock import now
from wabot.services import second_factor
from wabot.services.audit import Audited
from wabot.services.second_factor import TRIES
from wabot.store.audit import AuditFilter
from wabot.store.records import User


class Protected:
    """A user with a second factor, and the browser it was set up in."""

    def __init__(self, app: Flask) -> None:
        self.app, self.email = app, email()
        self.browser = Browser(app).register(self.email, PASSWORD)
        self.secret, self.codes = turn_on(self.browser)

    @property
    def user(self) -> User:
        found = services_of(self.app).store.users.by_email(self.email)
        assert found
        return found

    def api_login(self, otp: str | None = None) -> TestResponse:
        body = {"email": self.email, "password": PASSWORD, **({"otp": otp} if otp is not None else {})}
        return self.app.test_client().post("/api/auth/login", json=body)

    def asked_for_code(self) -> Browser:
        browser = Browser(self.app)
        answer = browser.login(self.email, PASSWORD, next="/keys")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/login/code")
        return browser


@pytest.fixture
def protected(app: Flask) -> Protected:
    return Protected(app)


def refused(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_it_is_on_only_after_a_right_code_and_the_password(app: Flask) -> None:
    address = email()
    person = Browser(app).register(address, PASSWORD)
    secret, sealed = shown_secret(person.open(PAGE).get_data(as_text=True))
    right = {"setup": sealed, "otp": code_at(secret), "current_password": PASSWORD}
    for wrong in ({"otp": "000000"}, {"current_password": "wrong horse"}, {"setup": "nonsense"}, {"otp": code_at(secret, 3)}):
        assert person.submit(PAGE, **{**right, **wrong}).status_code == 422
    again = person.submit(PAGE, **{**right, "otp": "000000"}).get_data(as_text=True)
    assert shown_secret(again)[0] == secret, "the phone has scanned it already"
    assert app.test_client().post("/api/auth/login", json={"email": address, "password": PASSWORD}).status_code == 200
    assert person.submit(PAGE, **right).status_code == 200
    assert refused(app.test_client().post("/api/auth/login", json={"email": address, "password": PASSWORD})) == (
        401,
        "otp_required",
    )


def test_a_setup_page_is_good_for_its_user_only(app: Flask) -> None:
    victim, thief = Browser(app).register(email(), PASSWORD), Browser(app).register(email(), PASSWORD)
    secret, sealed = shown_secret(thief.open(PAGE).get_data(as_text=True))
    assert victim.submit(PAGE, setup=sealed, otp=code_at(secret), current_password=PASSWORD).status_code == 422


def test_a_setup_page_is_good_for_half_an_hour(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Browser(app).register(email(), PASSWORD)
    secret, sealed = shown_secret(person.open(PAGE).get_data(as_text=True))
    monkeypatch.setattr(second_factor, "SETUP_SECONDS", -1)
    late = person.submit(PAGE, setup=sealed, otp=code_at(secret), current_password=PASSWORD)
    assert late.status_code == 422
    assert shown_secret(late.get_data(as_text=True))[0] != secret


def test_no_page_opens_before_the_code(protected: Protected) -> None:
    browser = protected.asked_for_code()
    assert browser.open("/dashboard").status_code == 302
    assert enter_code(browser, "000000").status_code == 401
    assert browser.open("/dashboard").status_code == 302
    answer = enter_code(browser, f" {code_at(protected.secret)[:3]} {code_at(protected.secret)[3:]}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/keys")
    assert browser.open("/dashboard").status_code == 200


def test_the_second_step_needs_the_first_and_is_of_that_browser(app: Flask, protected: Protected) -> None:
    protected.asked_for_code()
    other = Browser(app)
    other.open("/login")
    answer = other.submit("/login", "/login/code", otp=code_at(protected.secret))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")


def test_the_second_step_ends_with_time_and_with_all_logins(app: Flask, protected: Protected) -> None:
    late = protected.asked_for_code()
    with late.client.session_transaction() as cookie:
        cookie["second_step"] = {**cookie["second_step"], "at": cookie["second_step"]["at"] - 601}
    assert late.open("/login/code").status_code == 302
    ended = protected.asked_for_code()
    services_of(app).accounts.end_logins(protected.user.id)
    assert ended.open("/login/code").status_code == 302


def test_the_api_asks_for_the_code(protected: Protected) -> None:
    assert refused(protected.api_login()) == (401, "otp_required")
    assert refused(protected.api_login("000000")) == (401, "invalid_otp")
    assert refused(protected.api_login("x" * 20)) == (401, "invalid_otp")
    answer = protected.api_login(code_at(protected.secret))
    token = answer.get_json()["token"]
    assert protected.app.test_client().get("/api/auth/me", headers=bearer(token)).status_code == 200


def test_a_wrong_password_never_learns_of_the_second_factor(protected: Protected) -> None:
    body = {"email": protected.email, "password": "wrong horse", "otp": code_at(protected.secret)}
    answer = protected.app.test_client().post("/api/auth/login", json=body)
    assert refused(answer) == (401, "invalid_credentials")


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (0, True), (1, True), (2, False)])
def test_one_step_of_drift_is_allowed(protected: Protected, steps: int, good: bool) -> None:
    wait_until(lambda: 1 < now().timestamp() % 30 < 26, 6, "the step isn't about to change")
    assert (protected.api_login(code_at(protected.secret, steps)).status_code == 200) is good


def test_a_code_is_good_once_also_of_many_at_the_same_moment(protected: Protected) -> None:
    factor, user, code = services_of(protected.app).second_factor, protected.user, code_at(protected.secret)

    def use(_: int) -> bool:
        try:
            factor.check(user, code)
        except WabotError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(4))) == 1
    assert refused(protected.api_login(code)) == (401, "invalid_otp")


def test_recovery_codes_are_good_once_each(protected: Protected) -> None:
    assert len(set(protected.codes)) == 10
    assert protected.api_login(protected.codes[0]).status_code == 200
    assert refused(protected.api_login(protected.codes[0])) == (401, "invalid_otp")
    assert protected.api_login(protected.codes[1].upper().replace("-", " ")).status_code == 200
    assert enter_code(protected.asked_for_code(), protected.codes[2]).status_code == 302
    assert "7 recovery codes left" in protected.browser.open("/settings").get_data(as_text=True)


def test_recovery_codes_are_good_once_of_many_at_the_same_moment(protected: Protected) -> None:
    store, user = services_of(protected.app).store, protected.user
    with ThreadPoolExecutor(8) as pool:
        used = pool.map(lambda _: store.second_factors.use_recovery_code(user.id, user.recovery_codes[0]), range(16))
        assert sum(used) == 1
    assert len(protected.user.recovery_codes) == 9


def test_new_recovery_codes_end_the_old_ones(protected: Protected) -> None:
    assert protected.browser.submit(PAGE, f"{PAGE}/recovery-codes", otp="000000").status_code == 401
    answer = protected.browser.submit(PAGE, f"{PAGE}/recovery-codes", otp=code_at(protected.secret))
    assert answer.status_code == 200 and protected.codes[0] not in answer.get_data(as_text=True)
    assert refused(protected.api_login(protected.codes[0])) == (401, "invalid_otp")


def test_new_recovery_codes_are_written_down_and_told_to_their_owner(protected: Protected) -> None:
    house = services_of(protected.app)
    protected.browser.submit(PAGE, f"{PAGE}/recovery-codes", otp="000000")
    protected.browser.submit(PAGE, f"{PAGE}/recovery-codes", otp=code_at(protected.secret))
    entries = house.audit.page(AuditFilter(actor=protected.user.id, action="second_factor.codes"), limit=5, cursor=None).items
    assert [one.target for one in entries] == [protected.user.id]
    house.mails.send_due()
    assert [one["Subject"] for one in mailbox.files(house.settings.data, protected.email)] == [
        "Your second factor was turned on",
        "Your recovery codes were renewed",
    ]


def test_nothing_of_it_is_readable_in_the_store(protected: Protected) -> None:
    db = services_of(protected.app).store._db
    everything = "".join(str(one) for name in db.list_collection_names() for one in db[name].find())
    for secret in (protected.secret, *protected.codes, *(one.replace("-", "") for one in protected.codes)):
        assert secret not in everything


def test_turning_it_off_needs_password_and_code(protected: Protected) -> None:
    url, code = f"{PAGE}/off", code_at(protected.secret)
    assert protected.browser.submit(PAGE, url, current_password="wrong horse", otp=code).status_code == 422
    assert protected.browser.submit(PAGE, url, current_password=PASSWORD, otp="000000").status_code == 401
    assert protected.api_login().status_code == 401
    assert protected.browser.submit(PAGE, url, current_password=PASSWORD, otp=code).status_code == 302
    assert protected.api_login().status_code == 200
    house = services_of(protected.app)
    entries = house.audit.page(AuditFilter(actor=protected.user.id, action="second_factor.off"), limit=5, cursor=None).items
    assert [one.target for one in entries] == [protected.user.id]
    house.mails.send_due()
    assert [one["Subject"] for one in mailbox.files(house.settings.data, protected.email)] == [
        "Your second factor was turned on",
        "Your second factor was turned off",
    ]


def test_five_wrong_codes_bring_a_pause_that_nobody_else_notices(protected: Protected) -> None:
    services, user = services_of(protected.app), protected.user
    for _ in range(TRIES):
        with pytest.raises(InvalidOtp):
            services.second_factor.check(user, "000000")
    answer = enter_code(protected.asked_for_code(), code_at(protected.secret))
    assert (answer.status_code, "Try again in 15 minutes" in answer.get_data(as_text=True)) == (429, True)
    assert protected.browser.open("/dashboard").status_code == 200, "who is logged in stays so"
    services.store.users.change(user.id, {"otp_tried_at": now() - timedelta(minutes=15, seconds=1)})
    assert protected.api_login(code_at(protected.secret)).status_code == 200


def test_wrong_codes_are_counted_exactly(protected: Protected) -> None:
    factor, user = services_of(protected.app).second_factor, protected.user

    def wrong(_: int) -> str:
        try:
            factor.check(user, "000000")
        except WabotError as error:
            return error.code
        return "good"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(wrong, range(24)))
    assert (answers.count("invalid_otp"), answers.count("rate_limited")) == (TRIES, 24 - TRIES)


def test_an_administrator_can_remove_it(protected: Protected) -> None:
    services = services_of(protected.app)
    admin = services.accounts.create_admin(email(), "correct horse battery")
    services.second_factor.remove(protected.user.id, Audited(admin, "127.0.0.1"))
    assert protected.api_login().status_code == 200
    [noted] = services.audit.page(AuditFilter(), limit=1, cursor=None).items
    assert (noted.action, noted.target) == ("user.second_factor_remove", protected.user.id)


@pytest.fixture
def admin(app: Flask) -> Any:
    address, services = email(), services_of(app)
    services.accounts.create_admin(address, PASSWORD)
    services.preferences.put(services.preferences.current().model_copy(update={"require_admin_second_factor": True}))
    browser = Browser(app)
    assert browser.login(address, PASSWORD).status_code == 302
    token = app.test_client().post("/api/auth/login", json={"email": address, "password": PASSWORD}).get_json()["token"]
    return browser, token


def test_administrators_must_have_one_where_the_setting_says_so(app: Flask, admin: tuple[Browser, str]) -> None:
    browser, token = admin
    client = app.test_client()
    for path in ("/dashboard", "/admin", "/settings", "/messages"):
        assert browser.open(path).headers["Location"] == PAGE
    assert refused(client.get("/api/admin/users", headers=bearer(token))) == (403, "second_factor_required")
    assert client.get("/api/auth/me", headers=bearer(token)).status_code == 200
    turn_on(browser)
    assert browser.open("/admin").status_code == 200
    assert client.get("/api/admin/users", headers=bearer(token)).status_code == 200
    assert Browser(app).register(email(), PASSWORD).open("/dashboard").status_code == 200, "users may go without"
