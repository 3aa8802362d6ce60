"""A language nobody speaks: every word in brackets and a third longer, in a locale that is written from right to left.

What stands on a page outside of the brackets was not marked for translation, or is data.
"""

from __future__ import annotations

import importlib.util
import re
import textwrap
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.support.stack import ROOT

LOCALE = "he"
_SAID = ("aria-label", "alt", "data-confirm", "data-confirm-action", "data-confirm-text", "data-label", "placeholder", "title")
_NAMES = tuple(f"{one}=" for one in _SAID)
_UNSAID = {"script", "style", "code", "pre", "time", "textarea"}
_LONGEST_WORD = 12
_VOID = {"br", "hr", "img", "input", "link", "meta", "path", "rect", "source", "use"}
_WORD = re.compile(r"[A-Za-z]{2,}")


def catalogs() -> ModuleType:
    """scripts/languages.py"""
    found = importlib.util.spec_from_file_location("catalogs", Path(ROOT, "scripts/languages.py"))
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def write(directory: Path) -> Path:
    """The language as a folder of `directory`."""
    made = Catalog(LOCALE, fuzzy=False)
    with catalogs().TEMPLATE.open("rb") as file:
        marked = read_po(file)
    for message in marked:
        if message.id:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            texts = [_pseudo(one) for one in forms]
            plural = tuple(texts[min(n, len(texts) - 1)] for n in range(made.num_plurals))
            made.add(message.id, plural if len(forms) > 1 else texts[0])
    path = directory / LOCALE / "LC_MESSAGES" / "messages.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, made)
    return directory


def _pseudo(text: str) -> str:
    more = "א" * (len(text) // 3)
    return f"⟦{' '.join([text, *textwrap.wrap(more, _LONGEST_WORD)])}⟧"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.hidden: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in _VOID and (self.hidden or tag in _UNSAID or (tag != "html" and "lang" in given)):
            self.hidden.append(tag)
        for name in _SAID:
            text, depth = _outside(given.get(name) or "", 0)
            assert depth == 0, text
            self.outside += [f"{name}={text}"] if text.strip() else []

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data: str) -> None:
        text, self.depth = _outside(data, self.depth)
        if not self.hidden:
            self.outside.append(text)


def _outside(text: str, depth: int) -> tuple[str, int]:
    kept = []
    for letter in text:
        depth += {"⟦": 1, "⟧": -1}.get(letter, 0)
        kept += [letter] if depth == 0 and letter != "⟧" else []
    return "".join(kept), depth


def unmarked(page: str, data: re.Pattern[str]) -> list[str]:
    """Texts and attributes of a page that hold words outside of the brackets, once what matches `data` is taken out."""
    reader = _Reader()
    reader.feed(page)
    left = ((one, data.sub(" ", one.partition("=")[2] if one.startswith(_NAMES) else one)) for one in reader.outside)
    return [" ".join(one.split()) for one, text in left if _WORD.search(text)]
