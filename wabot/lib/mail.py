"""The one door for mails: an SMTP server, or files where there is none. Nothing here keeps or repeats anything.

    MailError
    ├── MailRefused    the server will never take this mail (5xx): don't try again
    └── MailDelayed    it may take it later (4xx, unreachable, over the deadline)

`SMTP_URL` is `smtp://user:pass@host:port` (STARTTLS when the server offers it) or `smtps://…` (TLS from the first byte); user and
password percent-encoded. `?from=wabot@example.com` says who the mails come from.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as ASCII_HEADERS
from email.policy import SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from ..config_checks import is_address, is_loopback
from .clock import now
from .files import age, aside_of, write_synced

_STEP_TIMEOUT = 8.0
DEADLINE = 20.0
"""Seconds for one mail, from the connection to the server's last word."""
FILES_KEPT = 1000
_ABANDONED_AFTER = 3600.0


class MailError(Exception):
    """A mail was not taken. The text names the reason, never the mail's content."""


class MailRefused(MailError):
    pass


class MailDelayed(MailError):
    pass


@dataclass(frozen=True)
class Mail:
    """`id` is the same at each try, so that a mailbox can tell a repetition by its Message-ID."""

    id: str
    to: str
    subject: str
    text: str
    html: str


class MailDoor(Protocol):
    def send(self, mail: Mail) -> None:
        """Raises MailRefused or MailDelayed."""


@dataclass(frozen=True)
class FileDoor:
    """A mail is `<id>.eml`, whole from its first moment; the same mail again is the same file. The newest 1,000 are kept."""

    directory: Path
    sender: str

    def send(self, mail: Mail) -> None:
        path = self.directory / f"{mail.id}.eml"
        aside = aside_of(path)
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_synced(aside, _message(mail, self.sender).as_bytes())
            aside.rename(path)
            _tidy(self.directory)
        except OSError as error:
            raise MailDelayed(f"{path} can't be written: {error.strerror}") from error


@dataclass(frozen=True)
class SmtpDoor:
    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None
    sender: str
    deadline: float = DEADLINE

    def send(self, mail: Mail) -> None:
        message = _message(mail, self.sender)
        with _in_our_words(), self._connected() as server:
            server.send_message(message, self.sender, [_ascii_domain(mail.to)])

    def check(self) -> None:
        """Connect and log in, and send nothing. Raises as `send`."""
        with _in_our_words(), self._connected():
            return

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A session, encrypted if possible and logged in. It is cut off when the deadline passes, however slowly the server answers."""
        context = _tls_context(self.host)
        server = self._unconnected(context)
        watchdog = threading.Timer(self.deadline, _cut, [server])
        watchdog.daemon = True
        watchdog.start()
        try:
            _check(server.connect(self.host, self.port))
            if not watchdog.is_alive():
                raise MailDelayed("the SMTP server took too long to connect")
            server.ehlo_or_helo_if_needed()
            if not self.tls and server.has_extn("starttls"):
                _check(server.starttls(context=context))
                server.ehlo()
            self._log_in(server)
            yield server
            _part(server)
        finally:
            watchdog.cancel()
            server.close()

    def _unconnected(self, context: ssl.SSLContext) -> smtplib.SMTP:
        """Not connected yet, so that the deadline covers connecting, too."""
        name = self.sender.rpartition("@")[2]  # or smtplib asks the name server who we are
        server: smtplib.SMTP = (
            smtplib.SMTP_SSL(timeout=_STEP_TIMEOUT, local_hostname=name, context=context)
            if self.tls
            else smtplib.SMTP(timeout=_STEP_TIMEOUT, local_hostname=name)
        )
        server._host = self.host  # type: ignore[attr-defined]  # the name the certificate is checked against; connect() leaves it
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        if not self.user:
            return
        if not isinstance(server.sock, ssl.SSLSocket) and not is_loopback(self.host):
            raise MailDelayed("the server offers no encryption, and the password is not sent in the clear")
        try:
            server.login(self.user, self.password or "")
        except smtplib.SMTPException as error:  # a wrong password is the operator's to mend, and no fault of the mail
            raise MailDelayed(f"the server refused the login: {type(error).__name__}") from error


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Raises MailRefused or MailDelayed for what smtplib raises."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_code(min(code for code, _ in error.recipients.values())) from error
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused("the server lacks what this mail needs (SMTPUTF8)") from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailDelayed(f"no answer from the SMTP server: {type(error).__name__}") from error


def door_for(smtp_url: str | None, directory: Path, public_host: str) -> MailDoor:
    """The SMTP server of `smtp_url`, or files in `directory` without one. Raises ValueError for a bad URL."""
    otherwise = f"wabot@{public_host if '.' in public_host and not is_address(public_host) else 'wabot.localhost'}"
    if smtp_url is None:
        return FileDoor(directory, otherwise)
    parts = urlsplit(smtp_url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("is not smtp://user:password@host:port")
    user = unquote(parts.username) if parts.username else None
    sender = parse_qs(parts.query).get("from", [user if user and "@" in user else otherwise])[0]
    tls = parts.scheme == "smtps"
    password = unquote(parts.password) if parts.password else None
    return SmtpDoor(parts.hostname, parts.port or (465 if tls else 587), tls, user, password, sender)


def _message(mail: Mail, sender: str) -> EmailMessage:
    """Text and HTML. Plain ASCII stays as it is: a quoted-printable link is broken over lines for whoever reads the file."""
    message = EmailMessage(policy=ASCII_HEADERS if mail.to.isascii() else SMTPUTF8)
    message["From"] = f"wabot <{sender}>"
    message["To"] = _ascii_domain(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte=_encoding(mail.text))
    message.add_alternative(mail.html, subtype="html", cte=_encoding(mail.html))
    return message


def _ascii_domain(address: str) -> str:
    """By the rules the address was checked by (IDNA 2008): the standard library's codec makes another domain of some. Raises MailRefused."""
    try:
        checked = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise MailRefused("the address can't be written to") from error
    return f"{checked.local_part}@{checked.ascii_domain}"


def _tidy(directory: Path) -> None:
    """Ids rise with time. What a killed worker left half written goes after an hour."""
    names = sorted(path.name for path in directory.iterdir())
    half = [name for name in names if name.startswith(".") and age(directory / name) > _ABANDONED_AFTER]
    whole = [name for name in names if not name.startswith(".")]
    for name in (*half, *whole[:-FILES_KEPT]):
        (directory / name).unlink(missing_ok=True)


def _encoding(text: str) -> str:
    return "7bit" if text.isascii() and all(len(line) < 990 for line in text.splitlines()) else "quoted-printable"


def _tls_context(host: str) -> ssl.SSLContext:
    """Certificates are checked, except on this very machine."""
    context = ssl.create_default_context()
    if is_loopback(host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _check(answer: tuple[int, bytes]) -> None:
    code, _ = answer
    if code != 220:
        raise _by_code(code)


def _by_code(code: int) -> MailError:
    why = f"the SMTP server answered {code}"
    return MailRefused(why) if 500 <= code < 600 else MailDelayed(why)


def _part(server: smtplib.SMTP) -> None:
    """The mail is taken: how the goodbye goes no longer matters."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _cut(server: smtplib.SMTP) -> None:
    """Break whatever call hangs on the connection."""
    connection = server.sock
    if connection is not None:
        try:
            connection.shutdown(2)
        except OSError:
            return  # it ended by itself just now
