"""Light or dark by choice, and the page of all parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.support.pages import Browser

ONE_SIDED = re.compile(
    r"(?<![\w-])-?(?:m[lr]|p[lr]|left|right)-[\d\[a]|(?<![\w-])(?:text-(?:left|right)|border-[lr]|rounded-(?:[lr]|[tb][lr]))(?![\w])"
    r"|(?:margin|padding|border)-(?:left|right)"
)
WABOT = Path(__file__).parent.parent / "wabot"


@pytest.mark.parametrize(
    ("choice", "shown"), [("dark", 'data-theme="wabot-dark"'), ("light", 'data-theme="wabot"'), ("system", "")]
)
def test_a_chosen_theme_is_kept(app: Flask, choice: str, shown: str) -> None:
    person = Browser(app)
    person.submit("/login", "/theme", theme="dark", next="/login")
    answer = person.submit("/login", "/theme", theme=choice, next="/login?next=/keys")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/keys")
    page = person.open("/login").get_data(as_text=True)
    assert shown in page and page.count("data-theme=") == bool(shown)


def test_a_foreign_theme_and_a_foreign_address_are_refused(app: Flask) -> None:
    person = Browser(app)
    answer = person.submit("/login", "/theme", theme='"><script>', next="//evil.example")
    assert answer.headers["Location"] == "/"
    assert "data-theme=" not in person.open("/login").get_data(as_text=True)


def test_the_style_guide_is_only_there_in_local(app: Flask) -> None:
    assert Browser(app).open("/styleguide").status_code == 200
    settings = app.extensions["wabot"].settings
    object.__setattr__(settings, "env", "production")
    assert Browser(app).open("/styleguide").status_code == 404


def test_nothing_is_tied_to_the_left_or_right() -> None:
    """So that a language written from right to left needs no stylesheet of its own. Mails have their own rules."""
    files = [*WABOT.glob("assets/css/*.css"), *WABOT.glob("templates/**/*.html")]
    tied = {
        f"{one.relative_to(WABOT)}:{number}": found[0]
        for one in files if "mail" not in one.parts
        for number, line in enumerate(one.read_text(encoding="utf-8").splitlines(), 1) if (found := ONE_SIDED.search(line))
    }  # fmt: skip
    assert not tied
