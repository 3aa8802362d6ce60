"""The languages wabot speaks: English, and each folder `<locale>/LC_MESSAGES` in wabot/translations (docs/languages.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from babel import Locale
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

DOMAIN = "messages"
SOURCE = "en"
"""What the words in the code are written in."""
_OURS = Path(__file__).resolve().parent.parent / "translations"
DIRECTORIES = [_OURS, *(Path(one) for one in os.environ.get("WABOT_TEST_TRANSLATIONS", "").split(os.pathsep) if one)]
"""The test-suite adds a folder with a language of its own, which is written from right to left."""


@dataclass(frozen=True)
class Language:
    """`tag` is BCP 47's, as in `<html lang>` and in a user's settings: `pt-BR`."""

    tag: str
    locale: Locale

    @property
    def name(self) -> str:
        """In its own words: `Português (Brasil)`."""
        own = self.locale.get_display_name(self.locale) or self.tag
        return own[:1].upper() + own[1:]

    @cached_property
    def words(self) -> NullTranslations:
        loaded = [Translations.load(one, [self.locale], DOMAIN) for one in DIRECTORIES]
        return next((one for one in loaded if isinstance(one, Translations)), NullTranslations())

    def gettext(self, message: str) -> str:
        return str(self.words.ugettext(message))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return str(self.words.ungettext(singular, plural, n))

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)


@lru_cache
def known() -> dict[str, Language]:
    """By tag, English first."""
    locales = {SOURCE: Locale.parse(SOURCE), **{str(one): one for one in sorted(_found(), key=str)}}
    return {name.replace("_", "-"): Language(name.replace("_", "-"), one) for name, one in locales.items()}


def language(*wanted: str | None) -> Language:
    """The first of these tags that is known, else English."""
    found = next((one for one in wanted if one in known()), SOURCE)
    return known()[found or SOURCE]


def _found() -> Iterator[Locale]:
    for directory in DIRECTORIES:
        for folder in directory.glob("*/LC_MESSAGES"):
            yield Locale.parse(folder.parent.name)
