"""Mails: to a real SMTP server on loopback or into files, durably queued, given up after bounded tries, without secrets at rest."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import mailbox
from tests.support.mailbox import PASSWORD, USER, Receiver, dripping, files, html_of, link_of, receiving, text_of
from tests.support.stack import ROOT
from wabot import config
from wabot.config import email_address
from wabot.lib.clock import now
from wabot.lib.mail import FileDoor, Mail, MailDelayed, MailDoor, MailRefused, SmtpDoor, door_for
from wabot.services import Services
from wabot.services import mails as mail_service
from wabot.services.claims import owner_name
from wabot.services.mails import Mails
from wabot.store.records import User

LETTER = Mail("5f0000000000000000000001", "bob@example.com", "Grüße", "Hello\n", "<p>Hello</p>")


@pytest.fixture
def user(house: Services) -> User:
    return house.accounts.register("bob@example.com", "correct horse")


def with_door(house: Services, door: MailDoor | None) -> Mails:
    return Mails(house.store, house.settings, house.links, lambda: None, door, owner_name())


def certificate(tmp_path: Path) -> ssl.SSLContext:
    key, made = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mail", "-keyout", str(key)]
    subprocess.run([*command, "-out", str(made)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context


def opened(url: str) -> MailDoor:
    return door_for(url, Path("/nowhere"), "wabot.example.com")


@pytest.mark.parametrize(
    ("address", "ascii_domain"),
    [
        ("jo@faß.example", "xn--fa-hia.example"),
        ("jo@βόλος.example", "xn--nxasmm1c.example"),
        ("jo@日本.example", "xn--wgv71a.example"),
    ],
)
def test_a_mail_goes_to_the_very_domain_that_was_typed(address: str, ascii_domain: str) -> None:
    """Not to `fass.example`, which is somebody else's."""
    receiver = Receiver()
    with receiving(receiver) as url:
        opened(url).send(replace(LETTER, to=email_address(address)))
    assert [one["To"] for one in receiver.mails] == [f"jo@{ascii_domain}"]


def test_an_address_that_can_not_be_written_to_is_given_up() -> None:
    with pytest.raises(MailRefused):
        opened("smtp://127.0.0.1:1").send(replace(LETTER, to="jo@-"))


def test_a_mail_reaches_a_server_without_encryption() -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        opened(url).send(LETTER)
    assert [(one["To"], one["From"], one["Subject"]) for one in receiver.mails] == [
        ("bob@example.com", "wabot <wabot@wabot.example.com>", "Grüße")
    ]
    assert text_of(receiver.mails[0]).strip() == "Hello" and html_of(receiver.mails[0]).strip() == "<p>Hello</p>"
    assert receiver.encrypted == [False]


def test_starttls_is_used_when_offered_and_the_login_is_percent_decoded(tmp_path: Path) -> None:
    receiver = Receiver()
    with receiving(receiver, certificate(tmp_path), login=True) as url:
        opened(url.replace("//", f"//{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@")).send(LETTER)
    assert (receiver.encrypted, receiver.users) == ([True], [USER])
    assert receiver.mails[0]["From"] == f"wabot <{USER}>"


def test_a_wrong_login_is_tried_again_later_since_the_mail_is_fine(tmp_path: Path) -> None:
    with receiving(Receiver(), certificate(tmp_path), login=True) as url, pytest.raises(MailDelayed):
        opened(url.replace("//", "//someone:wrong@")).send(LETTER)


def test_certificates_and_passwords_are_safe_beyond_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same server under a name that isn't loopback's: no password in the clear, no certificate nobody vouches for."""
    monkeypatch.setattr("wabot.lib.mail.is_loopback", lambda _: False)
    receiver = Receiver()
    with receiving(receiver) as url, pytest.raises(MailDelayed, match="in the clear"):
        opened(url.replace("//", "//user:password@")).send(LETTER)
    with receiving(receiver, certificate(tmp_path)) as url, pytest.raises(MailDelayed):
        opened(url).send(LETTER)
    assert receiver.mails == []


@pytest.mark.parametrize(("answer", "expected"), [("550 no such mailbox", MailRefused), ("451 later", MailDelayed)])
def test_a_refusal_is_for_good_or_for_now(answer: str, expected: type[Exception]) -> None:
    with receiving(Receiver(answer)) as url, pytest.raises(expected):
        opened(url).send(LETTER)


def test_a_dripping_server_is_left_at_the_deadline() -> None:
    with dripping() as url:
        port = int(url.rpartition(":")[2])
        started = now()
        with pytest.raises(MailDelayed):
            SmtpDoor("127.0.0.1", port, False, None, None, "wabot@example.com", deadline=0.5).send(LETTER)
    assert now() - started < timedelta(seconds=3)


@pytest.mark.parametrize("address", ["grün@example.com", "bob@bücher.example"])
def test_mails_go_to_addresses_beyond_ascii(tmp_path: Path, address: str) -> None:
    mail = Mail(LETTER.id, address, "Hello", "Hello\n", "<p>Hello</p>")
    FileDoor(tmp_path / "mail", "wabot@example.com").send(mail)
    receiver = Receiver()
    with receiving(receiver) as url:
        opened(url).send(mail)
    assert len(receiver.mails) == 1 == len(files(tmp_path))


def test_a_header_takes_no_second_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"[Hh]eader|CR or LF|linefeed|newline"):
        FileDoor(tmp_path, "a@example.com").send(Mail(LETTER.id, "bob@example.com", "a\nBcc: x@example.com", "", ""))


def test_a_file_is_private_and_whole(tmp_path: Path) -> None:
    door = FileDoor(tmp_path / "mail", "wabot@example.com")
    door.send(LETTER)
    door.send(LETTER)
    (written,) = (tmp_path / "mail").iterdir()
    assert (written.name, written.stat().st_mode & 0o777) == (f"{LETTER.id}.eml", 0o600)


def test_a_bounded_number_of_files_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wabot.lib.mail.FILES_KEPT", 3)
    abandoned, fresh = tmp_path / ".old.eml.1", tmp_path / ".new.eml.2"
    abandoned.touch()
    fresh.touch()
    os.utime(abandoned, (0, 0))
    for number in range(5):
        FileDoor(tmp_path, "wabot@example.com").send(Mail(f"{number:024x}", "bob@example.com", "x", "x", "x"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [fresh.name, *(f"{number:024x}.eml" for number in (2, 3, 4))]


def test_every_kind_has_both_parts_and_escapes(house: Services, user: User) -> None:
    directory = Path(mail_service.__file__).parent.parent / "templates" / "mail"
    texts, pages = ({path.stem for path in directory.glob(f"[a-z]*.{kind}")} for kind in ("txt", "html"))
    assert texts == pages >= {"reset", "invite", "confirm_address", "change_address", "address_changed", "password_changed"}
    values = {"new_address": "<b>new@example.com</b>"}
    house.mails.queue("address_changed", user_id=user.id, address="bob@example.com", values=values)
    house.mails.send_due()
    (mail,) = files(house.settings.data)
    assert "<b>new@example.com</b>" in text_of(mail)
    assert "<b>" not in html_of(mail) and "&lt;b&gt;new@example.com" in html_of(mail)


def test_links_come_from_public_url_and_stand_unbroken_in_the_file(house: Services, user: User) -> None:
    house.mails.queue("reset", address=user.email)
    house.mails.send_due()
    (mail,) = files(house.settings.data)
    assert link_of(mail).startswith(f"{house.settings.public_url}/reset/")
    (path,) = (house.settings.data / "mail").glob("*.eml")
    assert link_of(mail) in path.read_text()


def test_the_queue_holds_no_token(house: Services, user: User) -> None:
    house.mails.queue("reset", address=user.email)
    (kept,) = house.store.mails.due(now())
    assert set(vars(kept)) == {"id", "kind", "address", "due_at", "user_id", "values", "attempts", "owner"}
    assert (kept.kind, kept.address, kept.values) == ("reset", user.email, {})


def test_a_mail_for_nobody_is_dropped(house: Services) -> None:
    house.mails.queue("reset", address="nobody@example.com")
    assert house.mails.send_due() == 1
    assert files(house.settings.data) == [] and house.store.mails.due(now()) == []


@pytest.mark.parametrize("asked", [{"kind": "reset"}, {"kind": "change_address", "user_id": True}])
def test_a_few_mails_an_hour_can_be_asked_for_only(house: Services, user: User, asked: dict[str, Any]) -> None:
    for _ in range(mail_service.ASKED_PER_HOUR + 3):
        house.mails.queue(asked["kind"], user_id=user.id if "user_id" in asked else "", address="bob@example.com")
        house.mails.send_due()
    assert len(files(house.settings.data)) == mail_service.ASKED_PER_HOUR


def test_the_queue_is_bounded(house: Services, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_service, "QUEUE_LIMIT", 2)
    for _ in range(2):
        house.mails.queue("reset", address=user.email)
    with pytest.raises(Exception, match="Too many mails"):
        house.mails.queue("reset", address=user.email)


def test_a_delayed_mail_goes_out_later_and_a_hopeless_one_is_given_up(
    house: Services, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now()
    monkeypatch.setattr(mail_service, "now", lambda: moment)
    receiver = Receiver("451 later")
    with receiving(receiver) as url:
        mails = with_door(house, opened(url))
        mails.queue("password_changed", user_id=user.id)
        assert (mails.send_due(), mails.send_due(), receiver.mails) == (1, 0, [])
        moment += mail_service.RETRIES[0]
        assert (mails.send_due(), len(receiver.mails)) == (1, 1)
        mails.queue("password_changed", user_id=user.id)
        receiver.refusals = ["451 later"] * 20
        for wait in (*mail_service.RETRIES, timedelta(0)):
            assert mails.send_due() == 1
            moment += wait
        assert (mails.send_due(), len(receiver.mails), len(receiver.refusals)) == (0, 1, 20 - len(mail_service.RETRIES) - 1)


def test_a_claimed_mail_is_sent_by_nobody_else_until_its_worker_is_dead(house: Services, user: User) -> None:
    house.mails.queue("password_changed", user_id=user.id)
    (queued,) = house.store.mails.due(now())
    mine = owner_name()
    assert house.store.mails.claim(queued, mine, now() + mail_service.LEASE)
    assert not house.store.mails.claim(queued, "other", now() + mail_service.LEASE)
    assert house.mails.send_due() == 0
    host, _, random = mine.split(":")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    house.store.mails.put_back(queued.id, mine, now())
    (again,) = house.store.mails.due(now())
    assert house.store.mails.claim(again, f"{host}:{dead.pid}:{random}", now() + mail_service.LEASE)
    assert (house.mails.send_due(), len(files(house.settings.data))) == (1, 1)


@pytest.mark.parametrize("point", ["mail.after-claim", "mail.after-send"])
def test_a_worker_killed_on_the_way_loses_and_doubles_nothing(house: Services, user: User, point: str) -> None:
    house.mails.queue("password_changed", user_id=user.id)
    armed = house.settings.data / "run" / f"crash-{point}"
    armed.touch()
    program = (
        "from wabot import config; from wabot.services import build; from wabot.store.connection import open_store; import os\n"
        "settings = config.load(os.environ)\n"
        "build(settings, open_store(settings.database_uri), None).mails.send_due()\n"
    )
    environment = {"WABOT_DATA": str(house.settings.data), "MONGO_URI": house.settings.database_uri, "WABOT_CRASH_POINTS": "1"}
    killed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, timeout=30, check=False)
    assert killed.returncode == -9
    assert house.mails.send_due() == 1, "the next worker finds it at once"
    assert len(files(house.settings.data)) == 1 and house.mails.send_due() == 0


def test_without_a_way_to_send_nothing_is_kept(house: Services, user: User) -> None:
    mails = with_door(house, None)
    assert not mails.available
    mails.queue("reset", address=user.email)
    assert house.store.mails.due(now()) == [] and mails.send_due() == 0


def test_production_without_smtp_has_no_door() -> None:
    secure = {"WABOT_ENV": "production", "SECRET_KEY": "k" * 32, "PUBLIC_URL": "https://w.example", "METRICS_TOKEN": "m" * 16}
    assert mail_service.door_of(config.load(secure)) is None
    assert isinstance(mail_service.door_of(config.load({**secure, "SMTP_URL": "smtps://u:p@mail.example"})), SmtpDoor)
    assert isinstance(mail_service.door_of(config.load({})), FileDoor)


def test_the_reader_of_the_files_sees_only_whole_ones(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / ".half.eml.1").write_text("To: x")
    assert mailbox.files(tmp_path) == []
