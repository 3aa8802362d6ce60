"""Rate limits in one process: what is counted, in which order, and that no change of a number lets anybody off."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.limits import limit
from tests.support.pages import Browser
from tests.support.web import Linked, bearer, register
from wabot.blueprints._context import services
from wabot.errors import Invalid
from wabot.lib import windows
from wabot.lib.windows import Memory
from wabot.services.preferences import Preferences
from wabot.store.messages import MessageFilter


def sent(linked: Linked, times: int, **more: Any) -> list[int]:
    return [linked.send(**more).status_code for _ in range(times)]


def test_exactly_so_many_of_parallel_sends_pass(app: Flask, linked: Linked) -> None:
    limit(app, send_per_minute=25)

    def one(number: int) -> Any:
        alone = Linked(app.test_client(), linked.user, linked.token)
        return alone.send(message=f"number {number}", headers={"Idempotency-Key": f"key-{number}"})

    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(one, range(60)))
    assert Counter(one.status_code for one in answers) == {202: 25, 429: 35}
    refused = next(one for one in answers if one.status_code == 429)
    assert refused.mimetype == "application/problem+json"
    assert refused.get_json()["code"] == "rate_limited"
    assert refused.get_json()["limit"] == "send_per_minute"
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    limit(app, enabled=False)
    assert sent(linked, 3) == [202] * 3
    limit(app, enabled=True)
    assert sent(linked, 1) == [429]


def test_the_three_roads_share_one_count(app: Flask, client: FlaskClient, linked: Linked) -> None:
    limit(app, send_per_minute=2)
    assert linked.send().status_code == 202
    query = {"to": "+12025550123", "message": "two", "wait": "0"}
    assert client.get("/api/send", query_string=query, headers=bearer(linked.token)).status_code == 202
    refused = client.post("/api/send", data=query, headers=bearer(linked.token))
    assert (refused.status_code, refused.get_json()["success"]) == (429, False)
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    page = browser.submit("/messages/new", to="+12025550123", message="a long text", session="default")
    assert page.status_code == 429
    assert page.headers["Retry-After"]
    assert "a long text" in page.get_data(as_text=True), "what was typed is kept"


def test_a_changed_number_is_no_fresh_allowance(app: Flask, linked: Linked) -> None:
    limit(app, send_per_minute=5)
    assert sent(linked, 7) == [202] * 5 + [429] * 2
    limit(app, send_per_minute=4)
    assert sent(linked, 1) == [429]
    limit(app, send_per_minute=7)
    assert sent(linked, 3) == [202, 202, 429], "refusals were not counted, sent ones were"
    limit(app, send_per_minute=3, send_per_day=4000)
    assert sent(linked, 1) == [429]


def test_a_days_number_holds_too(app: Flask, linked: Linked) -> None:
    limit(app, send_per_day=2)
    assert sent(linked, 2) == [202, 202]
    refused = linked.send()
    assert refused.get_json()["limit"] == "send_per_day"
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
    assert refused.headers["RateLimit-Policy"] == "2;w=86400"


def test_what_the_day_refuses_takes_no_place_in_the_minute(app: Flask, linked: Linked) -> None:
    limit(app, send_per_minute=4, send_per_day=2)
    refusals = [linked.send() for _ in range(5)][2:]
    assert [one.get_json()["limit"] for one in refusals] == ["send_per_day"] * 3
    limit(app, send_per_day=100)
    assert sent(linked, 3) == [202, 202, 429]


def test_of_a_list_only_what_was_sent_before_costs_nothing(app: Flask, linked: Linked) -> None:
    """A form's new numbers, and one that was sent to with this very form already."""
    limit(app, send_per_minute=8, send_per_day=8)
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    form = {"message": "hello", "session": "default", "idempotency_key": "the-form"}
    browser.submit("/messages/new", to="+12025550100", **form)
    for turn in range(4):
        new = [f"+12025551{turn}{number:02}" for number in range(4)]
        browser.submit("/messages/new", to="\n".join([*new, "+12025550100"]), **form)
    with app.app_context():
        accepted = services().messages.page(linked.user["id"], MessageFilter(), limit=100, cursor=None).items
    assert len(accepted) == 8


def test_a_refused_send_leaves_its_key_alone_and_a_known_key_is_answered(app: Flask, linked: Linked) -> None:
    limit(app, send_per_minute=2)
    first = linked.send(message="one", headers={"Idempotency-Key": "a"}).get_json()
    for _ in range(5):
        again = linked.send(message="one", headers={"Idempotency-Key": "a"})
        assert (again.status_code, again.get_json()["id"]) == (200, first["id"]), "a replay costs nothing"
    assert linked.send(message="two", headers={"Idempotency-Key": "b"}).status_code == 202
    assert linked.send(message="three", headers={"Idempotency-Key": "c"}).status_code == 429
    assert linked.send(message="one", headers={"Idempotency-Key": "a"}).get_json()["id"] == first["id"]
    assert linked.send(message="other", headers={"Idempotency-Key": "a"}).get_json()["code"] == "idempotency_mismatch"
    limit(app, send_per_minute=3)
    assert linked.send(message="another", headers={"Idempotency-Key": "c"}).status_code == 202, "the key was not remembered"


def test_headers_are_of_what_refuses_or_of_the_fullest_that_the_request_counts_for(app: Flask, linked: Linked) -> None:
    limit(app, send_per_minute=2, api_per_minute=4)
    key = {"Idempotency-Key": "a"}
    first, replayed = linked.send(headers=key), linked.send(headers=key)
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert (replayed.headers["RateLimit-Limit"], replayed.headers["RateLimit-Remaining"]) == ("4", "2")
    limit(app, send_per_minute=1)
    linked.send()
    refused = linked.send()
    assert (refused.status_code, refused.get_json()["limit"]) == (429, "send_per_minute")
    assert refused.headers["RateLimit-Limit"] == "1", "also when it was the last of the API calls"


def test_the_fullest_is_that_with_the_smallest_part_left(app: Flask, client: FlaskClient, linked: Linked) -> None:
    limit(app, send_per_minute=2, api_per_minute=10)
    for _ in range(5):
        client.get("/api/keys", headers=bearer(linked.token))
    assert linked.send().headers["RateLimit-Limit"] == "10", "four tenths, not one half"


def test_what_is_no_message_is_not_counted_as_one(app: Flask, linked: Linked) -> None:
    limit(app, send_per_minute=1)
    assert linked.send(to="123").status_code == 422
    assert linked.send(headers={"Idempotency-Key": "x" * 300}).status_code == 422
    assert linked.send(session="other").status_code == 404
    assert linked.send().status_code == 202


def test_api_calls_are_counted_by_user_whatever_the_credential(app: Flask, client: FlaskClient) -> None:
    made, other = register(client), register(client)
    key = client.post("/api/keys", json={"name": "k"}, headers=bearer(made["token"])).get_json()["key"]
    limit(app, api_per_minute=3)
    answers = [client.get("/api/messages", headers=bearer(credential)) for credential in (made["token"], key, key)]
    assert [one.status_code for one in answers] == [200, 200, 429], "making the key was the first"
    assert [one.headers["RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert answers[0].headers["RateLimit-Limit"] == "3"
    assert answers[0].headers["RateLimit-Policy"] == "3;w=60"
    assert 0 < int(answers[0].headers["RateLimit-Reset"]) <= 60
    assert "Retry-After" not in answers[0].headers
    assert client.get("/api/messages", headers=bearer(other["token"])).status_code == 200
    limit(app, enabled=False)
    free = client.get("/api/messages", headers=bearer(key))
    assert free.status_code == 200
    assert "RateLimit-Limit" not in free.headers


def test_a_users_own_numbers(app: Flask, linked: Linked) -> None:
    limit(app, send_per_minute=1)
    with app.app_context():
        services().preferences.limit_user(linked.user["id"], {"send_per_minute": 3})
    assert sent(linked, 4) == [202, 202, 202, 429]
    with app.app_context():
        services().preferences.limit_user(linked.user["id"], None)
    assert linked.send().headers["RateLimit-Limit"] == "1"


@pytest.mark.parametrize("limits", [{"send_per_minute": 0}, {"login_per_minute": 5}, {"send_per_day": "5"}])
def test_own_numbers_are_checked(app: Flask, linked: Linked, limits: dict[str, Any]) -> None:
    with app.app_context(), pytest.raises(Exception, match=r"limits\.") as raised:
        services().preferences.limit_user(linked.user["id"], limits)
    assert raised.value.status == 422  # type: ignore[attr-defined]


def test_settings_that_cannot_be_read_leave_the_last_ones_in_force(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(app, send_per_minute=7)
    with app.app_context():
        known = services()
    stored = known.store.settings.get()
    known.store.settings.put({**stored, "rate_limits": {**stored["rate_limits"], "from_tomorrow": 1}, "also": 2})
    fresh = Preferences(known.store, known.settings)
    assert fresh.current().rate_limits.send_per_minute == 7, "what another version stored is left out"
    known.store.settings.put({"rate_limits": {"send_per_minute": "many"}})
    monkeypatch.setattr(fresh, "_read_at", float("-inf"))
    assert fresh.current().rate_limits.send_per_minute == 7


def test_without_mails_nobody_is_made_to_confirm_an_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        known = services()
    monkeypatch.setattr(type(known.settings), "sends_mail", False)
    with pytest.raises(Invalid):
        Preferences(known.store, known.settings).check({"confirm_email": True})


def test_registration_is_closed_in_production_until_it_is_opened(app: Flask) -> None:
    with app.app_context():
        known = services()
    ours, public = known.settings, known.settings.model_copy(update={"env": "production"})
    assert [Preferences(known.store, one).current().registration_open for one in (ours, public)] == [True, False]


def test_what_is_given_back_is_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    for moment in (1000.0, 1010.0):
        monkeypatch.setattr(windows.time, "time", lambda moment=moment: moment)
        assert memory.acquire_entry("a", 2, 60)
    memory.give_back("a")
    assert memory.get_moving_window("a", 2, 60) == (1000.0, 1)


def test_windows_in_memory_are_bounded_and_exact_under_threads() -> None:
    memory = Memory()
    with ThreadPoolExecutor(16) as pool:
        passed = sum(pool.map(lambda _: memory.acquire_entry("same", 100, 60), range(2000)))
    assert passed == 100
    for number in range(21_000):
        memory.acquire_entry(f"one-{number}", 1, 60)
    assert memory.reset() == 20_000


def test_a_refusal_says_exactly_when_the_next_passes(app: Flask, linked: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    began, passed = time.time(), 0.0
    monkeypatch.setattr(windows.time, "time", lambda: began + passed)
    limit(app, send_per_minute=2)

    def at(seconds: float) -> Any:
        nonlocal passed
        passed = seconds
        return linked.send()

    assert [at(0).status_code, at(10).status_code] == [202, 202]
    assert (at(20.5).status_code, at(20.5).headers["Retry-After"]) == (429, "40")
    assert (at(59.5).status_code, at(59.5).headers["Retry-After"]) == (429, "1")
    assert at(60.5).status_code == 202, "the first has left the window"
    assert at(60.6).headers["Retry-After"] == "10", "the second leaves it at 70"
    limit(app, send_per_minute=1)
    assert at(65.5).headers["Retry-After"] == "55", "with one too many in it, the newest has to leave"
    assert at(70.5).headers["Retry-After"] == "50", "of one a minute, the newest decides"


def test_the_page_of_a_refusal_says_when_to_come_back(app: Flask, linked: Linked) -> None:
    limit(app, login_per_minute=1)
    Browser(app).login(linked.user["email"], "wrong horse")
    page = Browser(app).login(linked.user["email"], "correct horse").get_data(as_text=True)
    assert re.search(r"Too many logins: the limit is 1 a minute from one IP address. Try again in \d+ seconds", page)
