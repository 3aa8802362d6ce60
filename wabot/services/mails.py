"""Mails: queued durably by whoever has a reason, rendered and sent by the worker, with leases and back-off.

The queue holds a kind, a user or an address, and plain values. Text, links and tokens are made when the mail is sent and are kept
nowhere. A kind is a pair of templates, `templates/mail/<kind>.txt` (its first line is the subject) and `.html`; they find `link` and
`lifetime` (if the kind has a link), `user`, `address`, `public_url` and the values.

A worker may die anywhere. Before the server has taken the mail it is sent by the next one; if it dies after that and before
the queue is told, the mail goes out twice, with the same Message-ID: SMTP has no way to ask. In files it is one in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from ..config import Settings
from ..errors import Unavailable
from ..lib.clock import now
from ..lib.crash_points import crash_point
from ..lib.languages import Language
from ..lib.log import get_logger
from ..lib.mail import DEADLINE, Mail, MailDelayed, MailDoor, MailRefused, door_for
from ..store import Store
from ..store.ids import new_id
from ..store.records import QueuedMail, User
from ..words import Text, say
from . import unlinking
from .claims import is_dead
from .languages import language_of
from .links import PURPOSES, Links

LEASE = timedelta(seconds=3 * DEADLINE)
RETRIES = tuple(timedelta(seconds=one) for one in (5, 30, 120, 600, 1800, 3600, 7200))
"""Waits between tries; after the last the mail is given up."""
QUEUE_LIMIT = 2000
ASKED_PER_HOUR = 10
"""Mails of one kind that can be had for one account; nobody's mailbox is filled by asking, or unlinking, again and again."""
_FEW_AN_HOUR = frozenset({"reset", "confirm_address", "change_address", unlinking.KIND})
_OUTDATED: dict[str, Callable[[Store, QueuedMail, User], bool]] = {
    "confirm_address": lambda _store, _mail, user: user.email_confirmed,
    "invite": lambda _store, _mail, user: not user.invited,
    unlinking.KIND: lambda store, mail, _user: not unlinking.is_news(store.sessions.get(mail.values["session_id"]), mail.values),
}
"""What came true while the mail waited."""

log = get_logger(__name__)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "templates" / "mail"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    extensions=["jinja2.ext.i18n"],
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.policies["ext.i18n.trimmed"] = True


def door_of(settings: Settings) -> MailDoor | None:
    """None in production without SMTP_URL."""
    if not settings.sends_mail:
        return None
    return door_for(settings.smtp_url, settings.data / "mail", urlsplit(settings.public_url).hostname or "")


@dataclass(frozen=True)
class Mails:
    store: Store
    settings: Settings
    links: Links
    ring: Callable[[], None]
    door: MailDoor | None
    owner: str

    @property
    def available(self) -> bool:
        """Whether mails leave this wabot at all."""
        return self.door is not None

    def queue(
        self, kind: str, *, user_id: str = "", address: str = "", values: Mapping[str, str] | None = None, mail_id: str = ""
    ) -> None:
        """Durable when this returns; out within about a second. With a `user_id` alone it goes to that user's address.

        What waits under a `mail_id` already is not queued again. Without a way to send, it is logged and dropped. Raises Unavailable when too many wait.
        """
        _templates.get_template(f"{kind}.txt")
        if self.door is None:
            log.warning("mail_not_sent", kind=kind, why="SMTP_URL is not set")
            return
        if self.store.mails.waiting(QUEUE_LIMIT) >= QUEUE_LIMIT:
            raise Unavailable("Too many mails are waiting to go out; try again later.", retry_after=60)
        mail = QueuedMail(mail_id or new_id(), kind, address, now(), user_id, dict(values or {}))
        self.store.mails.add(mail)
        self.ring()

    def notify(
        self, kind: str, *, user_id: str, address: str = "", values: Mapping[str, str] | None = None, mail_id: str = ""
    ) -> None:
        """As `queue`, for what has happened already and can't fail any more."""
        try:
            self.queue(kind, user_id=user_id, address=address, values=values, mail_id=mail_id)
        except Unavailable as error:
            log.error("mail_failed", kind=kind, user_id=user_id, why=error.detail)

    def send_due(self) -> int:
        """Send what is due, one after the other; how many were tried. For the worker."""
        if self.door is None:
            return 0
        moment = now()
        self._free_dead(moment)
        due = self.store.mails.due(moment)
        return sum(self._try(mail, self.door) for mail in due)

    def _try(self, mail: QueuedMail, door: MailDoor) -> bool:
        if not self.store.mails.claim(mail, self.owner, now() + LEASE):
            return False
        crash_point("mail.after-claim")
        if mail.attempts > len(RETRIES):  # only where each try ended the worker
            self._give_up(mail, "no try came to an end")
            return True
        try:
            rendered = self._rendered(mail)
            if rendered:
                door.send(rendered)
                log.info("mail_sent", mail_id=mail.id, kind=mail.kind, user_id=mail.user_id)
        except MailDelayed as error:
            self._later(mail, str(error))
            return True
        except MailRefused as error:
            self._give_up(mail, str(error))
            return True
        crash_point("mail.after-send")
        self.store.mails.remove(mail.id)
        return True

    def _later(self, mail: QueuedMail, why: str) -> None:
        if mail.attempts >= len(RETRIES):
            self._give_up(mail, why)
            return
        log.warning("mail_delayed", mail_id=mail.id, kind=mail.kind, attempt=mail.attempts + 1, why=why)
        self.store.mails.put_back(mail.id, self.owner, now() + RETRIES[mail.attempts])

    def _give_up(self, mail: QueuedMail, why: str) -> None:
        log.error("mail_failed", mail_id=mail.id, kind=mail.kind, user_id=mail.user_id, attempts=mail.attempts + 1, why=why)
        self.store.mails.remove(mail.id)

    def _free_dead(self, moment: datetime) -> None:
        """What a worker held that was killed is due now."""
        for mail in self.store.mails.leased(moment, moment + LEASE):
            if is_dead(mail.owner):
                self.store.mails.put_back(mail.id, mail.owner or "", moment)

    def _rendered(self, mail: QueuedMail) -> Mail | None:
        """None when there is nobody to write to any more, or they were written to often enough."""
        user = self._user(mail)
        if user is None or (mail.kind in _FEW_AN_HOUR and not self._first_few(mail, user)):
            log.info("mail_dropped", mail_id=mail.id, kind=mail.kind)
            return None
        address = mail.address or user.email
        values: dict[str, object] = {"user": user, "address": address, "public_url": self.settings.public_url, **mail.values}
        values |= _words(language_of(user))
        if mail.kind in PURPOSES:
            new = address if mail.kind == "change_address" else ""
            values |= {"link": self.links.make(mail.kind, user, new), "lifetime": Text(PURPOSES[mail.kind].for_people)}
        subject, _, text = _templates.get_template(f"{mail.kind}.txt").render(values).partition("\n")
        return Mail(mail.id, address, subject.strip(), text.strip() + "\n", _html(mail.kind, values))

    def _user(self, mail: QueuedMail) -> User | None:
        user = self.store.users.get(mail.user_id) if mail.user_id else self.store.users.by_email(mail.address)
        return None if user is None or user.disabled or _OUTDATED.get(mail.kind, _never)(self.store, mail, user) else user

    def _first_few(self, mail: QueuedMail, user: User) -> bool:
        """Whether this mail is among the hour's first few of its kind to this user. The same mail again is."""
        return self.store.idempotency.one_of(
            user.id, f"mail:{mail.kind}", mail.id, ASKED_PER_HOUR, expires_at=now() + timedelta(hours=1)
        )


def _words(language: Language) -> dict[str, object]:
    """What a mail's templates say its words with."""

    def gettext(text: str, /, **values: object) -> str:
        return say(Text(text, **values) if values else text, language)

    return {"language": language, "_": gettext, "gettext": gettext, "ngettext": language.ngettext}


def _never(_store: Store, _mail: QueuedMail, _user: User) -> bool:
    return False


def _html(kind: str, values: Mapping[str, object]) -> str:
    return _templates.get_template(f"{kind}.html").render(values)
