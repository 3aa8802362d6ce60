"""Numbers as people paste them."""

from __future__ import annotations

import pytest

from wabot.lib.phone_lists import read

ANN, BEN, CAT = "+12025550143", "+12025550144", "+4930123456"


@pytest.mark.parametrize(
    ("pasted", "numbers"),
    [
        ("+1 202 555 0143", [ANN]),
        ("+1 202 555 0143, +1 202 555 0144;+49 30 123456", [ANN, BEN, CAT]),
        ("12025550143 12025550144", [ANN, BEN]),
        ("+1 202 555 0143 +1 202 555 0144 0049 30 123456", [ANN, BEN, CAT]),
        ("(001) 202-555-0143\r\n\r\n  1.202.555.0144\n", [ANN, BEN]),
        ('["+12025550143", "+12025550144"]', [ANN, BEN]),
        ("Ann <+1 (202) 555-0143>\nBen: +1202 555 0144", [ANN, BEN]),
        ("name\tphone\tage\nAnn\t+1 202 555 0143\t44\nBen\t+1 202 555 0144\t37", [ANN, BEN]),
        ("1. +12025550143\n2. +12025550144", [ANN, BEN]),
        ("12025550143@c.us", [ANN]),
        ("\u202a+1 202\u00a0555\u20110143\u202c", [ANN]),
    ],
)
def test_numbers_are_found(pasted: str, numbers: list[str]) -> None:
    found = read(pasted)
    assert (found.numbers, found.refused, found.doubles) == (numbers, [], 0)


@pytest.mark.parametrize(
    ("pasted", "numbers", "refused"),
    [
        ("12", [], ["12"]),
        ("mum, +12025550143", [ANN], ["mum"]),
        ("+12025550143\n123\n+1 202 555 014", [ANN], ["123", "+1 202 555 014"]),
        ("Ann\n+12025550143", [ANN], ["Ann"]),
        ("+12025550143/+1 202 555 01", [ANN], ["+1 202 555 01"]),
        ("<script>alert(1)</script>", [], ["script alert(1) /script"]),
        ("491511234567@g.us\n+12025550143", [ANN], ["491511234567@g.us"]),
        ("Jo 491234567890123@lid, +12025550143", [ANN], ["Jo 491234567890123@lid"]),
        ("Jo\t491234567890123@lid\t+12025550143", [ANN], []),
        ("  \n,;", [], []),
    ],
)
def test_what_is_no_number_is_named_as_typed(pasted: str, numbers: list[str], refused: list[str]) -> None:
    found = read(pasted)
    assert (found.numbers, found.refused) == (numbers, refused)


def test_each_number_counts_once_and_what_is_wrong_comes_first() -> None:
    found = read("+12025550143, 1 (202) 555-0143, wrong, +12025550144")
    assert (found.numbers, found.doubles) == ([ANN, BEN], 1)
    assert found.text.splitlines() == ["wrong", "+1 202-555-0143", "+1 202-555-0144"]
    assert read(found.text).numbers == found.numbers
