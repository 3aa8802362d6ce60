"""The page of a session says what is true and offers the way out; and small things of other pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, email
from wabot.blueprints._context import services
from wabot.lib.clock import now
from wabot.lib.loopback import LoopbackClient, Problem
from wabot.services.virtual_phones import VirtualPhones
from wabot.store.records import Session

AGES_AGO = timedelta(minutes=5)
Observe = Callable[..., Session]
Phones = dict[str, dict[str, str]]


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    assert browser.login(linked.user["email"], "correct horse").status_code == 302
    return browser


@pytest.fixture
def observe(app: Flask, linked: Linked) -> Observe:
    """The person's session as if the gateway had just observed this of it."""

    def observed(**fields: Any) -> Session:
        with app.app_context():
            store = services().store.sessions
            [found] = store.of_user(linked.user["id"])
            fresh = {"observed_at": now(), "since": now(), "desired": "off", "linked": False, "phone": None, "reason": None}
            assert store.change(found.id, found.epoch, fresh | fields)
            changed = store.get(found.id)
        assert changed
        return changed

    return observed


def panel(browser: Browser, path: str = "/whatsapp") -> str:
    page = browser.open(path).get_data(as_text=True)
    found = re.search(r'<section[^>]*id="session-panel".*?</section>', page, re.S)
    assert found, page
    return html.unescape(found[0])


def test_a_code_that_ran_out_is_not_shown_and_a_new_one_is_a_click_away(
    app: Flask, person: Browser, linked: Linked, observe: Observe
) -> None:
    before = observe(status="qr", desired="on", qr="dead", qr_expires_at=now() - AGES_AGO)
    shown = panel(person)
    assert "This code ran out" in shown and "Show a new code" in shown and 'id="qr"' not in shown
    assert person.submit("/whatsapp", "/whatsapp/initialize", session="default").status_code == 302
    with app.app_context():
        after = services().store.sessions.get(before.id)
    assert after and (after.status, after.epoch) == ("starting", before.epoch + 1)


def test_a_code_that_has_just_run_out_is_followed_by_the_next(person: Browser, observe: Observe) -> None:
    observe(status="qr", desired="on", qr="dead", qr_expires_at=now() - timedelta(milliseconds=1))
    shown = panel(person)
    assert "A new code is on its way" in shown and "Show a new code" not in shown


def test_a_code_that_still_holds_is_left_alone(app: Flask, person: Browser, observe: Observe) -> None:
    before = observe(status="qr", desired="on", qr="2@a,b,c,d", qr_expires_at=now() + AGES_AGO)
    assert "<svg" in panel(person)
    person.submit("/whatsapp", "/whatsapp/initialize", session="default", network="sandbox")
    with app.app_context():
        assert services().store.sessions.get(before.id) == before


def test_a_pairing_code_stands_in_two_halves_with_the_way_to_type_it(person: Browser, observe: Observe) -> None:
    code = {"method": "code", "pairing_phone": "+12025550143", "pairing_code": "ABCD1234"}
    observe(status="pairing", desired="on", network="live", **code)
    shown = panel(person)
    assert "ABCD-1234" in shown and "+1 202-555-0143" in shown and 'data-copy="pairing-code"' in shown
    steps = re.findall(r"<li>(.*?)</li>", shown, re.S)
    assert [re.sub("<[^>]+>", "", step) for step in steps][2:4] == ["Tap Link a device.", "Tap Link with phone number instead."]


@pytest.mark.parametrize(
    ("fields", "words", "button"),
    [
        ({"status": "disconnected", "reason": "qr_not_scanned"}, "was not scanned in time", "Show a new code"),
        ({"status": "failed", "reason": "opened_elsewhere"}, "in use in another window", "Use here"),
        ({"status": "failed", "reason": "whatsapp_unreachable"}, "can't be reached", "Try again"),
        ({"status": "failed", "reason": "logged_out"}, "ended this login", "Show a new code"),
        ({"status": "starting", "since": now() - AGES_AGO}, "Still starting", "Cancel"),
        ({"status": "starting", "observed_at": now() - AGES_AGO}, "gateway has not answered", "Cancel"),
    ],
)
def test_what_is_wrong_and_the_way_out(
    person: Browser, observe: Observe, fields: dict[str, Any], words: str, button: str
) -> None:
    observe(**fields)
    shown = panel(person)
    assert words in shown
    assert re.search(rf"<button[^>]*>(?:<svg.*?</svg>)?{button}</button>", shown, re.S)


def test_a_damaged_login_is_disconnected_rather_than_tried_again(person: Browser, observe: Observe) -> None:
    observe(status="failed", reason="login_damaged")
    shown = panel(person)
    assert shown.index('id="disconnect"') < shown.index('id="start-again"') and "btn-primary" not in shown


def test_starting_again_keeps_the_network_and_the_way(person: Browser, observe: Observe) -> None:
    observe(status="disconnected", reason="qr_not_scanned", network="live", method="code", pairing_phone="+12025550143")
    [form] = [one for one in re.findall(r"<form.*?</form>", panel(person), re.S) if "Show a new code" in one]
    for field in ('name="network" value="live"', 'name="method" value="code"', 'name="phone" value="+12025550143"'):
        assert field in form


def test_a_start_says_why_it_is_another_one(person: Browser, observe: Observe) -> None:
    observe(status="starting", desired="on", reason="browser_ended")
    assert "The browser ended unexpectedly and is being restarted." in panel(person)
    observe(status="starting", desired="on", reason=None)
    assert "This takes a few seconds." in panel(person)


def test_what_a_connected_session_misses_is_named(person: Browser, observe: Observe) -> None:
    observe(status="connected", linked=True, reason="whatsapp_changed", missing=["incoming"])
    shown = panel(person)
    assert "not everything works" in shown and "incoming messages can't be seen" in shown
    assert 'data-status="connected"' in shown


def test_several_sessions_each_with_status_and_phone(person: Browser) -> None:
    made = person.submit("/whatsapp", "/whatsapp/initialize", new="1", session="shop", network="sandbox")
    assert made.headers["Location"] == "/whatsapp?session=shop#session-panel"
    page = person.open("/whatsapp").get_data(as_text=True)
    tabs = re.findall(r'<li id="tab-([\w.-]+)">(.*?)</li>', page, re.S)
    assert [name for name, _ in tabs] == ["default", "shop"]
    assert "+1 202-555-0999" in tabs[0][1] and 'data-status="starting"' in tabs[1][1]


@pytest.mark.parametrize("status", ["connected", "reconnecting"])
def test_a_message_begins_with_a_session_that_can_send_or_wait(person: Browser, observe: Observe, status: str) -> None:
    observe(status=status, linked=True, phone="+12025550999")
    person.submit("/whatsapp", "/whatsapp/initialize", new="1", session="alpha", network="sandbox")
    page = person.open("/messages/new").get_data(as_text=True)
    assert re.findall(r'<option value="(\w+)" selected', page) == ["default"]
    asked = person.open("/messages/new?session=alpha").get_data(as_text=True)
    assert re.findall(r'<option value="(\w+)" selected', asked) == ["alpha"]


@pytest.mark.parametrize(("name", "words"), [("default", "You have a session of this name"), ("a b", "letters, digits, dots")])
def test_a_refused_name_stands_beside_its_field(person: Browser, name: str, words: str) -> None:
    answer = person.submit("/whatsapp", "/whatsapp/initialize", new="1", session=name, network="live", method="qr")
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422 and words.lower() in page.lower()
    assert '<details class="more mt-6" id="another" open>' in page
    assert re.search(rf'id="new-session"[^>]*value="{name}"[^>]*aria-invalid="true"', page)


def test_more_sessions_than_allowed_are_refused_in_words(app: Flask, person: Browser) -> None:
    with app.app_context():
        values = services().preferences.current().model_dump()
        services().preferences.replace({**values, "sessions_per_user": 1})
    answer = person.submit("/whatsapp", "/whatsapp/initialize", new="1", session="shop", network="sandbox")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "as many sessions as this server allows" in page and 'value="shop"' in page


def test_a_disconnected_session_can_be_deleted(app: Flask, person: Browser, linked: Linked, observe: Observe) -> None:
    observe(status="connected", linked=True)
    assert "/whatsapp/delete" not in panel(person)
    observe(status="disconnected")
    assert "Delete “default”?" in panel(person)
    assert person.submit("/whatsapp", "/whatsapp/delete", session="default").status_code == 302
    with app.app_context():
        assert services().store.sessions.of_user(linked.user["id"]) == []
    assert "is deleted" in person.open("/whatsapp").get_data(as_text=True)


def test_somebody_elses_session_can_not_be_deleted(app: Flask, linked: Linked) -> None:
    stranger = Browser(app).register(email())
    stranger.submit("/whatsapp", "/whatsapp/delete", session="default")
    with app.app_context():
        assert len(services().store.sessions.of_user(linked.user["id"])) == 1


@pytest.mark.parametrize(
    ("path", "label"), [("/messages", "Messages"), ("/messages/new", "Send"), ("/settings/password", "Settings")]
)
def test_the_navigation_says_where_one_is_once(person: Browser, path: str, label: str) -> None:
    page = person.open(path).get_data(as_text=True)
    main = page.split('aria-label="Main"')[1].split("</nav>")[0]
    marked = re.findall(r'<a class="nav-link"[^>]*aria-current="page">.*?</svg>(.*?)</a>', main, re.S)
    assert marked == [label]


def test_a_refused_other_way_to_link_stays_open(person: Browser, observe: Observe) -> None:
    observe(status="disconnected", reason="qr_not_scanned")
    assert re.search(r'<details[^>]*id="start-otherwise"(?! open)', panel(person))
    answer = person.submit("/whatsapp", "/whatsapp/initialize", session="default", network="sandbox", method="code", phone="12")
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert re.search(r'<details[^>]*id="start-otherwise" open', page)
    assert "No code was scanned" in page and 'value="12"' in page and "Is not a phone number" in page


MINE, OTHER = "+12025540191", "+12025540192"


@pytest.fixture
def phones(app: Flask, linked: Linked, monkeypatch: pytest.MonkeyPatch) -> Phones:
    """The person's virtual phones, of a sandbox that would answer."""
    known = {MINE: {"number": MINE, "name": "My phone"}}
    monkeypatch.setattr(VirtualPhones, "if_there", lambda *_: list(known.values()))
    return known


def test_a_code_for_a_number_is_typed_with_the_phone_of_that_number(person: Browser, observe: Observe, phones: Phones) -> None:
    code = {"status": "pairing", "pairing_code": "ABCD1234", "desired": "on", "qr_expires_at": now() + AGES_AGO}
    observe(network="sandbox", method="code", pairing_phone=OTHER, **code)
    without = panel(person)
    assert "Type it with" not in without
    assert 'action="/sandbox/phones"' in without and f'name="number" value="{OTHER}"' in without
    phones[OTHER] = {"number": OTHER, "name": "Other phone"}
    shown = panel(person)
    assert "Type it with Other phone" in shown and "Type it with My phone" not in shown


def test_why_a_virtual_phone_cannot_link_is_said_in_the_readers_language(
    app: Flask, linked: Linked, person: Browser, observe: Observe, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.submit("/settings", "/settings/language", language="pt-BR", zone="")
    observe(status="pairing", desired="on", pairing_code="ABCD1234", qr_expires_at=now() + AGES_AGO)
    with app.app_context():
        services().store.phones.claim(linked.user["id"], MINE, now())

    def refused(*_: Any, **__: Any) -> None:
        raise Problem(409, "code_foreign", "No device asks to be linked with this code to this number")

    with monkeypatch.context() as answers:
        answers.setattr(LoopbackClient, "call", refused)
        person.submit("/settings", f"/sandbox/phones/{MINE}/scan", session="default", back="whatsapp")
    page = html.unescape(person.open("/whatsapp").get_data(as_text=True))
    assert "Nenhum dispositivo pede para ser vinculado a este número com este código" in page


def test_a_sandbox_that_is_away_takes_no_phones_away(app: Flask, linked: Linked, person: Browser, observe: Observe) -> None:
    """Which nobody runs here."""
    assert "Take a phone" in person.open("/sandbox").get_data(as_text=True)
    with app.app_context():
        services().store.phones.claim(linked.user["id"], MINE, now())
    for path in ("/sandbox", f"/sandbox?phone={MINE}"):
        page = html.unescape(person.open(path).get_data(as_text=True))
        assert "The sandbox is away" in page and "Take a phone" not in page
    answer = person.submit("/sandbox", "/sandbox/phones", number=OTHER, name="Ana", shown=MINE)
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 503
    assert f'value="{OTHER}"' in page and 'value="Ana"' in page and "The sandbox is away" in page
    observe(network="sandbox", status="qr", qr="2@abc", desired="on", qr_expires_at=now() + AGES_AGO)
    assert "The sandbox is away" in panel(person) and "Create a virtual phone" not in panel(person)


def test_no_screen_is_drawn_that_the_sandbox_did_not_show(app: Flask, linked: Linked, person: Browser) -> None:
    """An open page asks for it every second: it keeps the chats it has, and what went wrong is said once, not with each time."""
    with app.app_context():
        services().store.phones.claim(linked.user["id"], MINE, now())
    for _ in range(2):
        answer = person.open(f"/sandbox/phones/{MINE}/screen")
        assert (answer.status_code, "No chats yet" in answer.get_data(as_text=True)) == (503, False)
    page = person.open("/sandbox").get_data(as_text=True)
    assert "The sandbox is away" in page and "being restarted." not in page


@pytest.mark.parametrize("code", [{"status": "qr", "qr": "2@abc"}, {"status": "pairing", "pairing_code": "ABCD1234"}])
def test_what_to_tap_on_a_real_phone_is_said_of_live_sessions_only(
    person: Browser, observe: Observe, code: dict[str, str]
) -> None:
    fresh = {"desired": "on", "qr_expires_at": now() + AGES_AGO}
    observe(network="live", **fresh, **code)
    live = panel(person)
    observe(network="sandbox", **fresh, **code)
    sandbox = panel(person)
    assert "Linked devices" in live and "This is a sandbox session" not in live
    assert "Linked devices" not in sandbox and "This is a sandbox session" in sandbox
