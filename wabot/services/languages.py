"""In which language and time zone wabot writes to a user: their settings, or else what their browser asked for at the last login."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import available_timezones

from ..errors import Invalid
from ..lib import languages
from ..lib.languages import Language
from ..store import Store
from ..store.records import User


@dataclass(frozen=True)
class Languages:
    store: Store

    def choose(self, user: User, language: str, zone: str) -> None:
        """Empty: the browser's. Raises Invalid."""
        if language and language not in languages.known():
            raise Invalid.field("language", "is not a language this wabot speaks")
        if zone and zone not in available_timezones():
            raise Invalid.field("zone", "is not a time zone such as America/Sao_Paulo")
        self.store.users.change(user.id, {"language": language or None, "zone": zone or None})

    def heard(self, user: User, language: str) -> None:
        """What a login's pages were shown in: mails are written in it as long as nothing is chosen."""
        if user.heard_language != language:
            self.store.users.change(user.id, {"heard_language": language})


def language_of(user: User) -> Language:
    """For what reaches a user outside of a request, such as mails."""
    return languages.language(user.language, user.heard_language)
