"""Words for people: marked where they are written, said in a reader's language where they are shown (docs/languages.md).

A leaf that knows no language and no framework. In English a `Text` is the string it looks like, so the API, logs and tests see
plain strings; a page or a mail says it from the template it was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast


class Catalog(Protocol):
    """One language's words and its way to write numbers."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, singular: str, plural: str, n: int) -> str: ...

    def number(self, value: float) -> str: ...


def N_(text: str) -> str:
    """Marks a constant for translation, in a table or as a default, and leaves it as it is."""
    return text


class Text(str):
    """`Text("is longer than %(most)s characters", most=100)`. A value may be a `Text` itself; a number is written in the reader's way."""

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Text:
        made = super().__new__(cls, _filled(template, {name: _plain(one) for name, one in values.items()}))
        made.template, made.values = template, values
        return made

    def said(self, catalog: Catalog) -> str:
        return _filled(catalog.gettext(self.template), self._said_values(catalog))

    def _said_values(self, catalog: Catalog) -> dict[str, str]:
        return {name: _said_value(value, catalog) for name, value in self.values.items()}


class Counted(Text):
    """`Counted("%(count)s key", "%(count)s keys", 3)`: the form that fits the number, which is the value `count`."""

    many: str
    amount: int

    def __new__(cls, one: str, many: str, count: int, /, **values: Any) -> Counted:
        made = cast(Counted, super().__new__(cls, one if count == 1 else many, count=count, **values))
        made.template, made.many, made.amount = one, many, count
        return made

    def said(self, catalog: Catalog) -> str:
        return _filled(catalog.ngettext(self.template, self.many, self.amount), self._said_values(catalog))


def listed(texts: Sequence[str]) -> Text:
    """`a, b and c`. Raises IndexError for nothing."""
    together = Text("%(text)s", text=texts[0])
    for text in texts[1:-1]:
        together = Text("%(before)s, %(next)s", before=together, next=text)
    return Text("%(before)s and %(last)s", before=together, last=texts[-1]) if len(texts) > 1 else together


def say(text: str, catalog: Catalog) -> str:
    """A `Text`, or a constant that some `N_` marked, in the catalog's language; what no catalog knows is left as it is."""
    if isinstance(text, Text):
        return text.said(catalog)
    return catalog.gettext(text) if text else ""


def _filled(template: str, values: dict[str, str]) -> str:
    return template % values if values else template


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _said_value(value: Any, catalog: Catalog) -> str:
    if isinstance(value, Text):
        return value.said(catalog)
    return catalog.number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
