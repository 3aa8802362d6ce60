"""No word of a page is hard-coded, each is said in its reader's language, and times and numbers in their way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import pseudo
from tests.support.matrix import World
from tests.support.pages import Browser
from tests.support.pseudo_pages import FOR_DEVELOPERS, pages, world_of
from tests.support.recovery import Post, forgot
from tests.support.web import Linked, email
from wabot import config
from wabot.services import Services

DATA = re.compile(
    r"[\w.+-]+@[\w.-]+|[A-Z]\w+/[\w/ -]+|https?://\S+|/[\w/-]+|[0-9a-f]{24}|wb_\w*|whsec_\S*|(?:message|session|admin|key)\.[a-z]+|evt_\w+"
    r"|\b(?:wabot|WhatsApp|UTC|GMT|ms|MB|kB|min|MONGO_URI|CSV|shop|default|webjs|baileys|Baileys|whatsapp-web\.js|matrix|he)\b"
    r"|\b(?:a message|(?:a )?key|A Person|Admin|send|read|manage|GET|POST|HTTP|X-Tenant|api|web)\b"
)
"""What a page shows that is no word of ours: addresses, ids, names of things and of scopes, units, what people typed."""


@pytest.fixture
def world(settings: config.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(settings, tmp_path, monkeypatch) as made:
        yield made


def test_no_word_of_a_page_is_hard_coded(world: World) -> None:
    found = dict(pages(world, without=FOR_DEVELOPERS))
    assert len(found) > 30
    assert [f"{rule}: {one}" for rule, page in found.items() for one in pseudo.unmarked(page, DATA)] == []
    whole = {rule: page for rule, page in found.items() if "<html" in page}
    assert [rule for rule, page in whole.items() if '<html lang="he" dir="rtl"' not in page] == []


def test_the_setting_goes_before_the_choice_and_the_choice_before_the_browser(app: Flask) -> None:
    person = Browser(app)
    portuguese = {"Accept-Language": "pt-BR,pt;q=0.9,en;q=0.5"}
    assert '<html lang="en"' in person.open("/login").get_data(as_text=True)
    assert '<html lang="pt-BR" dir="ltr"' in person.client.get("/login", headers=portuguese).get_data(as_text=True)
    person.submit("/login", "/language", language="en", next="/login")
    assert '<html lang="en"' in person.client.get("/login", headers=portuguese).get_data(as_text=True)
    person.register(email())
    assert person.submit("/settings", "/settings/language", language="pt-BR", zone="").status_code == 302
    assert "Vincule a sua conta do WhatsApp" in person.open("/dashboard").get_data(as_text=True)
    person.submit("/settings", "/settings/language", language="xx", zone="")
    assert '<html lang="pt-BR"' in person.open("/dashboard").get_data(as_text=True)


def test_errors_are_said_in_the_language_of_the_page_but_the_api_speaks_english(app: Flask) -> None:
    person = Browser(app)
    person.submit("/login", "/language", language="pt-BR", next="/login")
    page = person.submit("/register", email="nobody", password="correct horse").get_data(as_text=True)
    assert "Não é um endereço de e-mail" in page
    answer = person.client.post(
        "/api/auth/register", json={"email": "nobody", "password": "correct horse"}, headers={"Accept-Language": "pt-BR"}
    )
    assert answer.get_json()["errors"] == [{"field": "email", "detail": "is not an email address, such as name@example.com"}]


def test_times_are_in_the_readers_zone_and_way(app: Flask) -> None:
    at = "2026-03-01T02:30:00Z"
    person = Browser(app)
    person.register(email())
    for language, zone, written in (
        ("en", "", "Mar 1, 2026, 2:30:00 AM UTC"),
        ("pt-BR", "America/Sao_Paulo", "28 de fev. de 2026 23:30:00"),
    ):
        person.submit("/settings", "/settings/language", language=language, zone=zone)
        with person.client:
            person.open("/settings")
            text = app.jinja_env.filters["time_for_people"](at, "full")
            assert " ".join(text.split()) == written
            assert app.jinja_env.filters["number"](1234.5) == {"en": "1,234.5", "pt-BR": "1.234,5"}[language]


@pytest.mark.parametrize(
    ("zone", "written"), [("Europe/Berlin", "Jul 1, 2027, 11:00:00 AM GMT+02:00"), ("", "Jul 1, 2027, 9:00:00 AM UTC")]
)
def test_what_is_still_to_come_names_its_zone(app: Flask, linked: Linked, zone: str, written: str) -> None:
    linked.send(send_at="2027-07-01T09:00:00Z")
    person = Browser(app)
    person.login(linked.user["email"], "correct horse")
    person.submit("/settings", "/settings/language", language="en", zone=zone)
    path = re.findall(r'href="(/messages/[0-9a-f]{24})"', person.open("/messages").get_data(as_text=True))[0]
    assert " ".join(person.open(path).get_data(as_text=True).split()).count(f">{written}</time>") == 2


@pytest.mark.parametrize("way", ["ago", "day", "hour", "full", "zoned"])
@pytest.mark.parametrize(
    ("at", "zone"), [("9999-12-31T23:59:59.999Z", "Asia/Tokyo"), ("0001-01-01T00:00:00Z", "America/Sao_Paulo")]
)
def test_what_has_no_time_in_the_readers_zone_is_in_utc(app: Flask, at: str, zone: str, way: str) -> None:
    person = Browser(app).register(email())
    person.submit("/settings", "/settings/language", language="en", zone=zone)
    with person.client:
        person.open("/settings")
        text = app.jinja_env.filters["time_for_people"](at, way)
    assert text.endswith(" UTC") or way == "day"
    assert str(int(at[:4])) in text or way in ("hour", "ago")


def test_a_mail_is_in_its_readers_language(
    made: dict[str, dict[str, str]], client: FlaskClient, house: Services, post: Post
) -> None:
    house.store.users.change(made["user"]["id"], {"language": "pt-BR"})
    assert forgot(client, made["user"]["email"]).status_code == 202
    (mail,) = post()
    assert "senha" in str(mail["Subject"])
    text = mail.get_body(("plain",))
    assert text and "senha" in text.get_content() and "password" not in text.get_content().lower()


def test_one_word_for_two_things_is_two_words_elsewhere(app: Flask, linked: Linked) -> None:
    person = Browser(app)
    person.login(linked.user["email"], "correct horse")
    person.submit("/settings", "/settings/language", language="pt-BR", zone="")
    for path in ("/messages/new", "/messages"):
        assert '<label for="to">Para</label>' in person.open(path).get_data(as_text=True), path
    keys = person.open("/keys").get_data(as_text=True)
    assert ">Envio<" in keys and ">Enviando<" not in keys
    app.extensions["wabot"].store.users.change(linked.user["id"], {"role": "admin"})
    assert '<label for="until">Até <span' in person.open("/admin/audit").get_data(as_text=True)
