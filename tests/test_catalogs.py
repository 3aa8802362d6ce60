"""The message catalogs: current, whole, and true to the placeholders and tags of what they translate."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from tests.support.pseudo import catalogs, unmarked
from wabot.lib import languages

WABOT = Path(__file__).parent.parent / "wabot"
HELD = re.compile(r"%\(\w+\)s|(?<!%)\{\w+\}|</?[a-z]+|href=\"[^\"]*\"")
"""What a translation keeps: values and tags."""

SENTENCE = re.compile(r"^[A-Z][a-z]+[ .:]|[a-z]{2,} [a-z]{2,} [a-z]{2,}")
SAID_AS_IT_IS = re.compile(
    r"\b(?:wabot|WhatsApp|MB|ms|X-Tenant: shop|page-inbox|page-wide|aria-invalid|OpenAPI 3\.1)\b|https?://\S+|Hello from wabot 👋|/api/messages/send|\bflask --app"
)
"""Names, units and examples."""


def words_of(locale: str) -> list[Message]:
    with (WABOT / "translations" / locale / "LC_MESSAGES/messages.po").open("rb") as file:
        return [one for one in read_po(file, locale=locale) if one.id]


def forms(message: Message) -> Iterator[tuple[str, str]]:
    """(English, translated), each form of a plural with the English one for many."""
    if isinstance(message.id, tuple):
        yield from ((message.id[-1], one) for one in message.string)
    else:
        yield message.id, str(message.string)


def test_every_catalog_holds_the_words_of_the_code_as_it_is() -> None:
    stale = [str(path) for path, content in catalogs().files() if not path.is_file() or path.read_bytes() != content]
    assert not stale, "run `make languages`"


@pytest.mark.parametrize("locale", sorted(one.parent.name for one in WABOT.glob("translations/*/LC_MESSAGES")))
def test_every_word_is_translated_with_its_values_and_tags(locale: str) -> None:
    words = words_of(locale)
    assert len(words) > 900
    assert [one.id for one in words if one.fuzzy or not all(text.strip() for _, text in forms(one))] == []
    differ = [
        text for one in words for english, text in forms(one) if Counter(HELD.findall(english)) != Counter(HELD.findall(text))
    ]
    assert differ == []


def test_plurals_follow_the_language() -> None:
    portuguese = languages.language("pt-BR")
    said = [portuguese.ngettext("%(count)s attempt", "%(count)s attempts", n) for n in (0, 1, 2)]
    assert said == ["%(count)s tentativa", "%(count)s tentativa", "%(count)s tentativas"]


def test_scripts_say_phrases_only() -> None:
    """Each `say("…")` has its line in _script_words.html and each line its script; no other text reaches a page."""
    phrases = set(re.findall(r'^  "(\w+)": _\(', (WABOT / "templates/_script_words.html").read_text(encoding="utf-8"), re.M))
    scripts = "\n".join(one.read_text(encoding="utf-8") for one in sorted((WABOT / "static/js").glob("*.js")))
    said = {name for call in re.findall(r"\b(?:say|word)\(([^)]*)", scripts) for name in re.findall(r"'(\w+)'", call)}
    assert said == phrases
    written = re.findall(r"(?:textContent|title|alt|placeholder|ariaLabel)\s*=\s*['\"`][^'\"`]*[A-Za-z]{2}.*", scripts)
    assert written == []


def test_no_template_holds_a_word_that_was_never_marked() -> None:
    """Also in the states that no test brings a page into. The style guide stays English."""
    jinja, wrong = Environment(extensions=["jinja2.ext.i18n"]), []
    for path in sorted((WABOT / "templates").rglob("*.*")):
        if path.stem != "styleguide" and "docs" not in path.stem:
            tree = jinja.parse(path.read_text(encoding="utf-8"))
            written = [*unmarked("".join(texts(tree)), SAID_AS_IT_IS), *sentences(tree)]
            wrong += [f"{path.name}: {one}" for one in written if not SAID_AS_IT_IS.search(one)]
    assert wrong == []


def texts(node: nodes.Node) -> Iterator[str]:
    """What a template writes by itself."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif not isinstance(node, nodes.Expr):
        for one in node.iter_child_nodes():
            yield from texts(one)


def sentences(node: nodes.Node) -> Iterator[str]:
    """Given to macros, and not marked."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in ("_", "ngettext", "gettext"):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and SENTENCE.search(node.value):
        yield node.value
    for one in node.iter_child_nodes():
        yield from sentences(one)


def test_no_sentence_for_people_is_put_together_by_an_f_string() -> None:
    """A catalog knows the template, never what came of it: `Text` takes the values."""
    errors = catalogs().ERRORS
    found = [
        f"{path.relative_to(WABOT)}:{call.lineno}"
        for path in sorted(WABOT.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in errors
        and any(isinstance(one, ast.JoinedStr) for one in call.args)
    ]
    assert found == []


def test_an_email_is_spelled_in_one_way() -> None:
    """In English, as in the labels of the fields; Portuguese has its own way."""
    assert [one.id for one in words_of("pt_BR") if "e-mail" in str(one.id).lower()] == []
