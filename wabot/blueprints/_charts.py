"""Figures as shapes: where bars and lines of a chart lie, in units of its view box. Drawn by macros/charts.html.

A chart is 100 units high and `WIDTH` units a day wide, and is stretched to the room there is: no text lies in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from flask_babel import get_locale

from ..words import N_
from ._languages import gettext as _
from ._languages import number as number_words

OUTCOMES = {"arrived": N_("delivered"), "on_their_way": N_("sent, not delivered"), "failed": N_("failed")}
"""What becomes of messages, in the order of a bar from below → the word for it."""
WIDTH = 10
HEIGHT = 100
_GAP = 2
_SHORTEST_MS, _LONGEST_MS = 50, 86_400_000
"""Ends of the scale of durations: the first bucket's bound and the last's (services/durations.py)."""


@dataclass(frozen=True)
class Part:
    """A piece of a bar; `kind` names its colour."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    x: int
    words: str
    parts: list[Part]


@dataclass(frozen=True)
class Bars:
    """`top` is what the upper edge stands for."""

    top: int
    width: int
    bars: list[Bar]


@dataclass(frozen=True)
class Line:
    """`dots`: the days that have no neighbour."""

    kind: str
    path: str
    dots: str


@dataclass(frozen=True)
class Lines:
    """`top` and `bottom` in milliseconds; the scale between them is logarithmic."""

    top: int
    bottom: int
    width: int
    lines: list[Line]


def with_outcomes(per_day: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The days with `OUTCOMES` beside their figures. A message is counted in each state it passes, and some are read without a
    delivery tick: here each counts once."""
    return [{**one, **_outcomes(one)} for one in per_day]


def stacked(days: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> Bars:
    """A bar a day; `kinds` are the figures it is made of, from below, with the word for each."""
    top = round_up(max(sum(one[kind] for kind in kinds) for one in days))
    bars = [_bar(number, one, kinds, top) for number, one in enumerate(days)]
    return Bars(top, len(days) * WIDTH, bars)


def over_time(days: Sequence[Mapping[str, int | None]]) -> Lines:
    """A line for each name in `days`, over its milliseconds; a day without any interrupts it."""
    known = [value for one in days for value in one.values() if value]
    bottom = 10 ** math.floor(math.log10(max(_SHORTEST_MS, min(known, default=_SHORTEST_MS))))
    top = max(bottom * 10, next((one for one in _steps() if one >= max(known, default=0)), _LONGEST_MS))
    heights = {kind: [_height(one[kind], bottom, top) for one in days] for kind in days[0]}
    lines = [Line(kind, _path(ys), _dots(ys)) for kind, ys in heights.items()]
    return Lines(top, bottom, len(days) * WIDTH, lines)


def round_up(value: int) -> int:
    """The next round number, at least 5: the highest bar takes two thirds of the chart or more."""
    size: int = 10 ** max(0, len(str(value)) - 1)
    return max(5, next(step * size // 10 for step in (10, 12, 15, 20, 30, 40, 50, 60, 80, 100) if step * size // 10 >= value))


def first_middle_last(days: Sequence[Mapping[str, Any]]) -> list[str]:
    return [day_words(days[at]["day"]) for at in (0, len(days) // 2, -1)]


def day_words(iso: str) -> str:
    """`2 Nov` of `2026-11-02`, as the page's language has it."""
    return str(format_skeleton("MMMd", date.fromisoformat(iso), locale=get_locale()))


def duration_words(milliseconds: int | None) -> str:
    """Two figures and the unit that fits: `420 ms`, `1.3 s`, `12 min`, `3 h`."""
    if milliseconds is None:
        return "–"
    for size, unit in ((3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if milliseconds >= size:
            amount = milliseconds / size
            return f"{number_words(round(amount, 0 if amount >= 10 else 1))} {unit}"
    return f"{milliseconds} ms"


def _outcomes(counted: Mapping[str, Any]) -> dict[str, int]:
    arrived = max(counted["delivered"], counted["read"])
    return {"arrived": arrived, "on_their_way": max(0, counted["sent"] - arrived), "failed": counted["failed"]}


def _bar(number: int, figures: Mapping[str, Any], kinds: Mapping[str, str], top: int) -> Bar:
    parts, level = [], 0
    for kind in kinds:
        if figures[kind]:
            height = figures[kind] * HEIGHT / top
            level += figures[kind]
            parts.append(Part(kind, round(HEIGHT - level * HEIGHT / top, 2), round(height, 2)))
    words = ", ".join(f"{number_words(figures[kind])} {_(word)}" for kind, word in kinds.items())
    return Bar(number * WIDTH + _GAP // 2, f"{day_words(figures['day'])}: {words}", parts)


def _height(value: int | None, bottom: int, top: int) -> float | None:
    if value is None:
        return None
    share = math.log(max(value, bottom) / bottom) / math.log(top / bottom)
    return round(HEIGHT - HEIGHT * min(1.0, share), 2)


def _path(ys: Sequence[float | None]) -> str:
    commands = []
    for number, (before, y) in enumerate(zip([None, *ys], ys, strict=False)):
        if y is not None:
            commands.append(f"{'M' if before is None else 'L'}{_middle(number):g} {y:g}")
    return "".join(commands)


def _dots(ys: Sequence[float | None]) -> str:
    """Lines of no length, which round ends make dots."""
    around = enumerate(zip([None, *ys], ys, [*ys[1:], None], strict=False))
    return "".join(
        f"M{_middle(number):g} {y:g}h0" for number, (before, y, after) in around if y is not None and before is None is after
    )


def _middle(day: int) -> float:
    return day * WIDTH + WIDTH / 2


def _steps() -> Sequence[int]:
    return (100, 1000, 10_000, 60_000, 600_000, 3_600_000, _LONGEST_MS)
