"""Phone numbers as people type them."""

from __future__ import annotations

import re

import pytest

from wabot.errors import InvalidNumber
from wabot.lib.phones import digits_of, to_e164


@pytest.mark.parametrize(
    "typed",
    [
        "+12025550123",
        "12025550123",
        "0012025550123",
        "+1 (202) 555-0123",
        " 1 202 555 0123",
        "+1\u00a0202\u2011555\u20110123",
        "+1.202.555.0123",
    ],
)
def test_the_ways_people_write_one_number(typed: str) -> None:
    assert to_e164(typed) == "+12025550123"


@pytest.mark.parametrize("typed", ["+52 1 55 1234 5678", "5215512345678", "00521 5512345678"])
def test_mexican_mobiles_are_taken_as_whatsapp_writes_them(typed: str) -> None:
    assert to_e164(typed) == "+5215512345678"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+52 1 55 1234 56789",
        "+",
        "abc",
        "+1202",
        "12",
        "+99912345678901234",
        "1" * 65,
        "+1202555012a",
        "１２０２５５５０１２３",
        "+1202555012\n3;x",
        "+49123",
        "+43123",
        "+82222",
        "+4922222222222222",
        "+8122222222222222222",
    ],
)
def test_what_is_no_number_is_refused_by_field(typed: str) -> None:
    with pytest.raises(InvalidNumber) as refused:
        to_e164(typed)
    assert refused.value.code == "invalid_number"
    assert "to" in refused.value.fields


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("12025550143@c.us", "without the @"),
        ("12025550143@s.whatsapp.net ", "without the @"),
        ("120363000000000000@g.us", "doesn't write to groups"),
        ("240652728112270@lid", "is a LID"),
        ("+12025550143, +12025550144", "takes one number: send a request for each"),
        ("+12025550143,", "such as +1 202 555 0123"),
        ("jo@example.com", "such as +1 202 555 0123"),
        ("lid", "such as +1 202 555 0123"),
    ],
)
def test_a_common_mistake_is_told_what_to_write_instead(typed: str, words: str) -> None:
    with pytest.raises(InvalidNumber, match=re.escape(words)):
        to_e164(typed)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("+1 (202) 555", "1202555"), ("0102", "0102"), ("90812@lid", "90812"), ("Ada 2", ""), ("a1@b.example", ""), ("", "")],
)
def test_only_of_a_number_the_digits_are_looked_for(typed: str, digits: str) -> None:
    assert digits_of(typed) == digits
