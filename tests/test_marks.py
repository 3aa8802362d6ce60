"""WhatsApp's marks in a list: gone, with nothing else of the text."""

from __future__ import annotations

import pytest

from wabot.blueprints._marks import in_a_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and _more_", "bold and more"),
        ("```x = 1```", "x = 1"),
        ("- one\n- two", "• one • two"),
        ("> quoted\nanswered", "quoted answered"),
        ("3 * 4 * 5, snake_case_name", "3 * 4 * 5, snake_case_name"),
        ("<b>&amp; *<i>*", "<b>&amp; <i>"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_line_says_what_it_says(text: str | None, shown: str) -> None:
    assert in_a_line(text) == shown


def test_of_a_long_text_a_list_holds_the_beginning() -> None:
    assert in_a_line("word " * 10_000).startswith("word word")
    assert len(in_a_line("word " * 10_000)) <= 400
