"""Finding by the first letters, at about the same cost however many matches there are: the range is read in slices, by the next letter.

The embedded database would read the whole range of a prefix, whatever the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from pymongo.collection import Collection

_EDGES = ("", "1", "3", "5", "7", "9", *"abcdefghijklmnopqrstuvwxyz", "{", "\U0010ffff")
"""Where slices begin, in the order of the code points; what comes after z is one slice."""
_READ_AT_MOST = 20_000

Document = dict[str, Any]


def beginning_with(
    collection: Collection[Document],
    field: str,
    text: str,
    *,
    after: str = "",
    limit: int,
    wanted: Callable[[Document], bool] = lambda _: True,
) -> list[Document]:
    """Up to `limit` documents whose indexed `field` begins with `text`, lies behind `after`, and that are `wanted`, in order."""
    found: list[Document] = []
    read = 0
    for bounds in _slices(text, after):
        for document in collection.find({field: bounds}).sort(field, 1):
            read += 1
            if wanted(document):
                found.append(document)
            if len(found) >= limit or read >= _READ_AT_MOST:
                return found
    return found


def _slices(text: str, after: str) -> Iterator[Document]:
    for lower, upper in pairwise(_EDGES):
        start, end = text + lower, text + upper
        if after < end:
            yield {"$gt": after, "$lt": end} if after >= start else {"$gte": start, "$lt": end}
