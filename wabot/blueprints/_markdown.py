"""Markdown to HTML, for docs/ and for the words of the API's reference. No HTML passes through; links stay within wabot."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_PAGE = re.compile(r"([a-z][a-z0-9-]*)\.md(#.*)?")
_PICTURE = re.compile(r"((?:images|screenshots)/[\w/-]+\.(?:png|svg|webp))")
_ELSEWHERE = re.compile(r"(https?:|mailto:|#|/)")
_ANCHOR = re.compile(r"^`([a-z_]+)`$")


@dataclass(frozen=True)
class Heading:
    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    title: str
    html: Markup
    headings: list[Heading]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
    parser.add_render_rule(
        "table_open", lambda *_: '<div class="prose-table" tabindex="0" role="group" aria-label="Table"><table>'
    )
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    parser.add_render_rule("fence", _fence)
    return parser


def _fence(_: object, tokens: list[Token], index: int, *__: object) -> str:
    token = tokens[index]
    text = Markup.escape(token.content.rstrip("\n"))
    return Markup('<div class="code"><pre tabindex="0" role="region" aria-label="Code"><code>{}</code></pre></div>\n').format(
        text
    )


_MARKDOWN = _parser()


def words(text: str) -> Markup:
    """One line: code in backticks, emphasis, links."""
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704  # html is off: all of it was escaped


def page(text: str) -> Rendered:
    """A whole document; its first heading is the title and not in the HTML."""
    tokens = _MARKDOWN.parse(text)
    title = ""
    if tokens and tokens[0].type == "heading_open":
        title, tokens = _plain(tokens[1]), tokens[3:]
    headings = list(_name_headings(tokens))
    for token in tokens:
        for child in token.children or ():
            _lead(child)
    _name_rows(tokens, {one.id for one in headings})
    _label_cells(tokens)
    environment: MutableMapping[str, Any] = {}
    return Rendered(title, Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, environment)), headings)  # noqa: S704


def _name_headings(tokens: list[Token]) -> Iterator[Heading]:
    used: set[str] = set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = _plain(inline)
            name = re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", text.lower())).strip("-")
            while name in used:
                name += "-1"
            used.add(name)
            opening.attrSet("id", name)
            yield Heading(int(opening.tag[1]), name, text)


def _label_cells(tokens: list[Token]) -> None:
    """For narrow screens, where the cells of a row stand below each other: the word of its column. Of two columns none needs it."""
    labels: list[str] = []
    column = 0
    for opening, inline in pairwise(tokens):
        if opening.type == "table_open":
            labels = []
        elif opening.type == "th_open":
            labels.append(_plain(inline))
        elif opening.type == "tr_open":
            column = 0
        elif opening.type == "td_open":
            if column and len(labels) > 2:
                opening.attrSet("data-label", labels[column])
            column += 1


def _name_rows(tokens: list[Token], used: set[str]) -> None:
    """A row of a table that begins with a code can be linked to: /docs/errors#rate_limited. The first of a name, no heading's."""
    for row, inline in zip(tokens, tokens[2:], strict=False):
        if row.type == "tr_open" and inline.type == "inline" and (code := _ANCHOR.match(inline.content)) and code[1] not in used:
            used.add(code[1])
            row.attrSet("id", code[1])


def _lead(token: Token) -> None:
    """Links as they lie in docs/ to where the pages are; what is not shown here is left as text."""
    name = {"link_open": "href", "image": "src"}.get(token.type)
    if name is None:
        return
    target = str(token.attrGet(name) or "")
    if found := _PAGE.fullmatch(target):
        page_of = "" if found[1] == "README" else f"/{found[1]}"
        token.attrSet(name, f"/docs{page_of}{found[2] or ''}")
    elif target == "README.md":
        token.attrSet(name, "/docs")
    elif found := _PICTURE.fullmatch(target):
        token.attrSet(name, f"/docs/{found[1]}")
    elif not _ELSEWHERE.match(target):
        token.attrs.pop(name, None)


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))
