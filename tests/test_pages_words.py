"""One thing has one name, on whichever page it stands."""

from __future__ import annotations

import re

from flask import Flask

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.pages import Browser
from tests.support.receiver import Receiver
from tests.support.web import Linked, email
from tests.test_pages_admin import admin, session, text_of  # noqa: F401  # a fixture among them

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def test_what_a_key_may_is_called_as_in_the_form_that_made_it(app: Flask) -> None:
    person = Browser(app).register(email())
    person.submit("/keys", name="k", scopes=["send", "manage"])
    page = person.open("/keys").get_data(as_text=True)
    tags = re.findall(r'<span class="tag" title="(\w+)">([^<]+)</span>', page)
    assert tags == [("send", "Sending messages"), ("manage", "Managing")]
    assert re.findall(r"font-medium\">([A-Z][^<]+)<code[^>]*>(\w+)</code>", page) == [
        ("Sending messages", "send"), ("Reading", "read"), ("Managing", "manage"),
    ]  # fmt: skip


def test_when_something_was_made_is_called_the_same_everywhere(hooked: Hooked, receiver: Receiver, admin: Browser) -> None:  # noqa: F811
    made = hooked.endpoint(receiver.url)
    hooked.send()
    hooked.work()
    here = f"/webhooks/{made['id']}"
    hooked.page("/webhooks")
    delivery = hooked.deliveries(made)[0]
    shown = [text_of(hooked.browser, here), text_of(hooked.browser, f"{here}/deliveries/{delivery['id']}")]
    for page in [*shown, text_of(admin, f"/admin/users/{hooked.linked.user['id']}")]:
        assert " Created " in page and " Made " not in page


def test_the_audit_log_tells_a_day_to_begin_with_from_an_address(admin: Browser) -> None:  # noqa: F811
    page = text_of(admin, "/admin/audit")
    assert page.count(" From ") == 1 and "When Who What On IP address" in page


def test_an_engine_has_the_name_that_its_form_offers(app: Flask, admin: Browser, linked: Linked) -> None:  # noqa: F811
    session(app, "light", engine="baileys", status="connected", user_id=linked.user["id"])
    shown = text_of(admin, "/admin/sessions")
    own = Browser(app)
    own.login(linked.user["email"], "correct horse")
    assert "Engine Baileys (light)" in text_of(own, "/whatsapp?session=light")
    assert "whatsapp-web.js (a browser)" in shown and "Baileys (light)" in shown and "webjs" not in shown
