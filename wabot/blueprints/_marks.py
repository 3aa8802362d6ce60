"""WhatsApp's own marks in a text, as HTML: *bold*, _italic_, ~strike~, ```mono``` and `mono`, links, > quotes and - lists.

js/format.js does the same while one writes; tests/browser/test_compose.py holds the two together.
"""

from __future__ import annotations

import re

from markupsafe import Markup

_WORD = r"[^\W_]"
"""A letter or a digit: a mark counts where words begin and end and hugs its text, as in WhatsApp."""


def _hugging(kind: str, mark: str) -> str:
    return rf"(?<!{_WORD})(?<!{mark}){mark}(?!\s)(?P<{kind}>[^{mark}\n]+?)(?<!\s){mark}(?!{_WORD})(?!{mark})"


_MARK = re.compile(
    "|".join(
        (
            r"```(?P<block>[^`]+)```",
            rf"(?<!{_WORD})(?<!`)`(?P<code>[^`\n]+)`(?!{_WORD})(?!`)",
            r"(?a:\b)(?P<a>(?:https?://|www\.)[^\s<>\"']+[^\s<>\"'.,;:!?)])",
            _hugging("strong", r"\*"),
            _hugging("em", "_"),
            _hugging("s", "~"),
        )
    )
)
_SHOWN_IN_A_LINE = 400
"""Characters: more than fit on any screen."""
_TAGS = {"block": "code"}
_PLAIN = frozenset({"block", "code", "a"})
_QUOTE = re.compile(r"^> (.*)$\n?", re.MULTILINE)
_BULLET = re.compile(r"^[-*] (?=\S)", re.MULTILINE)


def marked(text: str | None) -> Markup:
    """Everything in it is escaped; a link is drawn as one and leads nowhere."""
    parts: list[Markup] = []
    rest = 0
    for quote in _QUOTE.finditer(text := text or ""):
        parts += [_lines(text[rest : quote.start()]), Markup("<q>{}</q>").format(_inline(quote[1]))]
        rest = quote.end()
    return Markup("").join([*parts, _lines(text[rest:])])


def in_a_line(text: str | None) -> str:
    """What a list shows of a text: its beginning in one line, without the marks."""
    shown = marked((text or "")[:_SHOWN_IN_A_LINE])
    return shown.replace(Markup("</q>"), Markup("</q> ")).striptags()


def _lines(text: str) -> Markup:
    return _inline(_BULLET.sub("• ", text))


def _inline(text: str) -> Markup:
    """In one pass. What a mark encloses can't hold the same mark again, so this calls itself three times deep at most."""
    parts: list[str] = []
    rest = 0
    for found in _MARK.finditer(text):
        parts += [text[rest : found.start()], _element(found)]
        rest = found.end()
    return Markup("").join([*parts, text[rest:]])


def _element(found: re.Match[str]) -> Markup:
    kind = found.lastgroup or ""
    inner = found[kind] if kind in _PLAIN else _inline(found[kind])
    return Markup("<{0}>{1}</{0}>").format(_TAGS.get(kind, kind), inner)
