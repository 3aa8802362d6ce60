"""The mail to the owner of a session that was unlinked on the phone: one, whatever comes in between, as long as it is news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.mailbox import files, html_of, text_of
from tests.support.web import Linked
from wabot.lib.clock import now, to_rfc3339
from wabot.services import Services
from wabot.services import mails as mail_service
from wabot.store.records import Session


@pytest.fixture
def services(app: Flask, linked: Linked) -> Iterator[Services]:
    with app.app_context():
        yield app.extensions["wabot"]


def session_of(services: Services, linked: Linked) -> Session:
    (found,) = services.store.sessions.of_user(linked.user["id"])
    return found


def observe(services: Services, linked: Linked, reason: str = "unlinked_on_phone", seen: dict[str, Any] | None = None) -> None:
    session = session_of(services, linked)
    at = to_rfc3339(max(session.observed_at or now(), now()) + timedelta(seconds=1))
    ended = {"status": "disconnected", "reason": reason, "linked": False, "phone": None, "since": at, "observed_at": at}
    services.sessions.observe({"id": session.id, "epoch": session.epoch, "push_name": None, **ended, **(seen or {})})


def waiting(services: Services) -> list[str]:
    return [one.kind for one in services.store.mails.due(now())]


def test_the_mail_says_which_and_why_and_leads_there(services: Services, linked: Linked) -> None:
    number = session_of(services, linked).phone
    observe(services, linked)
    services.mails.send_due()
    (mail,) = files(services.settings.data, linked.user["email"])
    assert mail["Subject"] == "The WhatsApp session default was unlinked"
    for text in (text_of(mail), html_of(mail)):
        assert f"linked with the virtual phone {number}." in text
        assert "Your phone removed this device." in text
        assert f"{services.settings.public_url}/whatsapp?session=default" in text


@pytest.mark.parametrize(
    ("reason", "seen"),
    [
        ("qr_not_scanned", {}),
        ("connection_lost", {"status": "reconnecting", "linked": True}),
        ("out_of_restarts", {"status": "failed", "linked": True}),
    ],
)
def test_other_ends_are_no_reason_for_a_mail(services: Services, linked: Linked, reason: str, seen: dict[str, Any]) -> None:
    observe(services, linked, reason, seen)
    assert waiting(services) == []
    assert session_of(services, linked).reason == reason


def test_what_was_never_linked_is_not_unlinked(services: Services, linked: Linked) -> None:
    """As when WhatsApp refuses a login that has just begun."""
    session = session_of(services, linked)
    assert services.store.sessions.change(session.id, session.epoch, {"linked": False, "status": "authenticating"})
    observe(services, linked)
    assert session_of(services, linked).reason == "unlinked_on_phone"
    assert waiting(services) == []


def test_it_is_one_mail_however_often_it_is_told(services: Services, linked: Linked) -> None:
    observe(services, linked)
    observe(services, linked)
    observe(services, linked, "logged_out")
    assert waiting(services) == ["session_unlinked"]


def test_who_is_killed_after_the_mail_queues_no_second(
    services: Services, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = to_rfc3339(now() + timedelta(seconds=1))
    seen = {"since": at, "observed_at": at}
    with monkeypatch.context() as killed:
        killed.setattr(services.store.sessions, "change", _killed)
        with pytest.raises(RuntimeError):
            observe(services, linked, seen=seen)
    assert session_of(services, linked).linked
    observe(services, linked, seen=seen)
    assert waiting(services) == ["session_unlinked"]


def test_who_is_killed_after_the_session_has_ended_owes_no_mail(
    services: Services, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(services.sessions.hearing), "marked", _killed)
    with pytest.raises(RuntimeError):
        observe(services, linked)
    assert session_of(services, linked).status == "disconnected"
    assert waiting(services) == ["session_unlinked"]


def test_what_the_owner_has_seen_to_is_no_news(services: Services, linked: Linked) -> None:
    observe(services, linked)
    session = session_of(services, linked)
    assert services.store.sessions.change(session.id, session.epoch, {"epoch": session.epoch + 1, "status": "starting"})
    assert services.mails.send_due() == 1
    assert files(services.settings.data) == []


def test_a_session_that_is_gone_is_no_news(services: Services, linked: Linked) -> None:
    observe(services, linked)
    services.store.sessions.remove(linked.user["id"], session_of(services, linked).id)
    services.mails.send_due()
    assert files(services.settings.data) == []


def test_a_session_ends_also_while_too_many_mails_wait(
    services: Services, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_service, "QUEUE_LIMIT", 0)
    observe(services, linked)
    assert session_of(services, linked).status == "disconnected"


def _killed(*_: object, **__: object) -> None:
    raise RuntimeError
