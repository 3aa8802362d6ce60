"""A mail server on loopback that really speaks SMTP, and a reader of the mails that wabot writes as files."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from wabot.launching import ports

USER, PASSWORD = "wabot@example.com", "p@ss:word/1"


class Receiver:
    """What arrives is in `mails`. `refusals` are answers given to the next recipients instead of taking them, such as "450 later"."""

    def __init__(self, *refusals: str) -> None:
        self.mails: list[EmailMessage] = []
        self.encrypted: list[bool] = []
        self.users: list[str | None] = []
        self.refusals = list(refusals)

    async def handle_RCPT(self, _: SMTP, __: Any, envelope: Envelope, address: str, ___: list[str]) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(parsed(envelope.content))
        self.encrypted.append(session.ssl is not None)
        self.users.append(session.auth_data)
        return "250 taken"


@contextmanager
def receiving(receiver: Receiver, tls: ssl.SSLContext | None = None, *, login: bool = False) -> Iterator[str]:
    """Its SMTP_URL. With `tls` it offers STARTTLS; with `login` it wants USER and PASSWORD."""
    port = ports.choose_free()
    controller = Controller(
        receiver, hostname="127.0.0.1", port=port, tls_context=tls, authenticator=_authenticate if login else None,
        auth_required=login, auth_require_tls=tls is not None,
    )  # fmt: skip
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def _authenticate(server: SMTP, session: Any, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right, auth_data=USER if right else None)


@contextmanager
def dripping() -> Iterator[str]:
    """A server that greets letter by letter and never comes to an end."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.close()
        thread.join(5)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def files(data: Path, to: str = "") -> list[EmailMessage]:
    """The mails under `WABOT_DATA/mail`, oldest first."""
    found = [parsed(path.read_bytes()) for path in sorted((data / "mail").glob("*.eml"))]
    return [one for one in found if to in one["To"]]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def link_of(mail: EmailMessage) -> str:
    found = re.search(r"https?://\S+/(?:reset|confirm)/\S+", text_of(mail))
    assert found, text_of(mail)
    return found[0]
