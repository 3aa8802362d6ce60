"""Lines of CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection): an apostrophe before it makes it text."""
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
"""A telephone number (E.164): as a formula it is itself."""


def lines(rows: Iterable[Sequence[str | None]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[_cell(one) for one in row] for row in rows])
    return text.getvalue()


def _cell(value: str | None) -> str:
    text = value or ""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
