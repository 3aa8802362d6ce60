"""Accounts that an administrator makes or invites, and the links sent to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages import Browser
from tests.support.recovery import NEW, Post, login, reset, token_of
from tests.support.web import email
from wabot.config import DEFAULT_ADMIN_EMAIL
from wabot.errors import Conflict, Unavailable
from wabot.services import Services
from wabot.services.audit import Audited
from wabot.store.audit import AuditFilter


@pytest.fixture
def by(house: Services) -> Audited:
    admin = house.store.users.by_email(DEFAULT_ADMIN_EMAIL)
    assert admin
    return Audited(admin, "127.0.0.1")


def test_an_invited_user_chooses_a_password_and_is_in(house: Services, client: FlaskClient, by: Audited, post: Post) -> None:
    address = email()
    invited = house.invitations.invite(by, address, name="Carol")
    assert invited.invited and login(client, address, "") == 401
    (mail,) = post()
    assert mail["Subject"] == "You are invited to wabot"
    assert reset(client, token_of(mail)).status_code == 200
    assert login(client, address, NEW) == 200
    after = house.store.users.get(invited.id)
    assert after and not after.invited
    assert reset(client, token_of(mail)).status_code == 400
    written = house.audit.page(AuditFilter(target=invited.id), limit=5, cursor=None).items
    assert [(one.actor_id, one.action) for one in written] == [
        (invited.id, "password.reset"),
        (by.actor.id, "user.invite"),
    ]


def test_a_link_for_somebody_who_has_a_password_and_one_who_has_none(
    house: Services, by: Audited, made: dict[str, Any], post: Post
) -> None:
    invited = house.invitations.invite(by, email())
    for user_id in (invited.id, made["user"]["id"]):
        house.invitations.send_link(by, user_id)
    assert [one["Subject"] for one in post()] == ["You are invited to wabot"] * 2 + ["Choose a new password"]
    house.store.users.change(invited.id, {"disabled": True})
    with pytest.raises(Conflict):
        house.invitations.send_link(by, invited.id)


def test_a_made_user_changes_the_password_first(app: Flask, house: Services, by: Audited) -> None:
    address = email()
    house.invitations.create(by, address, "first given horse")
    with pytest.raises(Conflict):
        house.invitations.create(by, address, "first given horse")
    assert Browser(app).login(address, "first given horse").headers["Location"] == "/settings/password"


def test_nobody_is_invited_where_no_mail_leaves(house: Services, by: Audited) -> None:
    silent = replace(house.invitations, mails=replace(house.mails, door=None))
    with pytest.raises(Unavailable):
        silent.invite(by, email())
    assert house.audit.page(AuditFilter(), limit=1, cursor=None).items == []


@pytest.mark.parametrize("way", ["create", "invite"])
def test_whose_address_was_taken_meanwhile_is_written_down_as_refused(
    house: Services, by: Audited, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(house.store.users, "by_email", lambda _: None)
    typed = {"create": [made["user"]["email"], "correct horse battery"], "invite": [made["user"]["email"]]}
    with pytest.raises(Conflict):
        getattr(house.invitations, way)(by, *typed[way])
    written = house.audit.page(AuditFilter(action=f"user.{way}"), limit=5, cursor=None).items
    assert [one.detail for one in written] == ["refused: email_taken", "user"]
