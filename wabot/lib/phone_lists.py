"""Numbers as people paste them: a column of a spreadsheet, a list with commas, in brackets, with names beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import InvalidNumber
from . import phones

_DIVIDERS = re.compile(r"[,;|]+")
_CELLS = "\t"
_NO_PERSON = re.compile(r"[0-9]@(lid|g\.us|newsletter|broadcast)\b", re.ASCII)
"""Digits of WhatsApp's own that may look like somebody's number."""
_WRAPPING = re.compile(r"""[<>\[\]{}"'“”„]""")
_RUN = re.compile(r"[+\d(][\d\s().\-\u00a0\u2010-\u2015\u202a-\u202e\u2060\u200e\u200f]*")
_NEXT = re.compile(r"\s+(?=\+|00)")

Found = tuple[str, str | None]
"""As typed, and its number or None."""


@dataclass(frozen=True)
class PhoneList:
    """`numbers` in E.164, each once, in their order; `refused` as typed; `doubles`: how many were left out."""

    numbers: list[str]
    refused: list[str]
    doubles: int

    @property
    def text(self) -> str:
        """One a line, what was refused first: to be corrected."""
        return "\n".join([*self.refused, *map(phones.for_people, self.numbers)])


def read(text: str) -> PhoneList:
    """Lines, and pieces between commas and semicolons, each hold a number, or are refused. Words beside a number in its piece don't
    matter (digits after a plus are no words), nor do the other cells of a spreadsheet's row, nor its headings."""
    lines = [_of_line(line) for line in text.splitlines() if line.strip()]
    headings = len(lines) > 1 and _CELLS in text and not any(map(str.isdigit, "".join(typed for typed, _ in lines[0])))
    found = [one for line in lines[headings:] for one in line]
    good = [number for _, number in found if number]
    numbers = list(dict.fromkeys(good))
    refused = list(dict.fromkeys(typed for typed, number in found if not number))
    return PhoneList(numbers, refused, len(good) - len(numbers))


def _of_line(line: str) -> list[Found]:
    cells = [_of_cell(one) for one in line.split(_CELLS)]
    numbers = [one for cell in cells for one in cell if one[1]]
    return numbers if numbers and len(cells) > 1 else [one for cell in cells for one in cell]


def _of_cell(cell: str) -> list[Found]:
    pieces = [_WRAPPING.sub(" ", one).strip() for one in _DIVIDERS.split(cell)]
    return [one for piece in pieces if piece for one in _of_piece(piece)]


def _of_piece(piece: str) -> list[Found]:
    if _NO_PERSON.search(piece):
        return [(piece, None)]
    runs = [one.group().strip() for one in _RUN.finditer(piece) if any(map(str.isdigit, one.group()))]
    found = [one for run in runs for one in _of_run(run)]
    if not any(number for _, number in found):
        return [(piece, None)]
    return found if _RUN.fullmatch(piece) else [one for one in found if one[1] or one[0].startswith("+")]


def _of_run(run: str) -> Iterator[Found]:
    """One number, or several with nothing but blanks between them."""
    if number := _number(run):
        yield run, number
        return
    for part in _NEXT.split(run):
        whole = _number(part)
        words = [part] if whole or " " not in part else part.split()
        numbers = [_number(one) for one in words]
        yield from zip(words, numbers, strict=True) if all(numbers) else [(part, None)]


def _number(typed: str) -> str | None:
    try:
        return phones.to_e164(typed.rstrip("().- "))
    except InvalidNumber:
        return None
