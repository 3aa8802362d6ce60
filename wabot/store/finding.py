"""Finding several at once: what several callers look for at the same moment (`lib.together`), and what only a partial index holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pymongo.collection import Collection

from . import ids

Document = dict[str, Any]


def found_by(collection: Collection[Document], field: str) -> Callable[[list[Any]], list[Document | None]]:
    """The documents with these values in `field`, which is unique, in their order; None for those that aren't there."""

    def find(wanted: list[Any]) -> list[Document | None]:
        different = list(dict.fromkeys(wanted))
        if len(different) == 1:
            return [collection.find_one({field: different[0]})] * len(wanted)
        found = {one[field]: one for one in collection.find({field: {"$in": different}})}
        return [found.get(one) for one in wanted]

    return find


def next_ids(collection: Collection[Document], after: str, limit: int) -> list[str]:
    """The ids that follow `after`, or the first ones. Of a small collection: the embedded database has no index for a range of ids."""
    follows = {"_id": {"$gt": ids.parse(after)}} if after else {}
    return [str(one["_id"]) for one in collection.find(follows, {"_id": 1}).sort("_id", 1).limit(limit)]


def found_one_by_one(
    collection: Collection[Document],
    equal: Mapping[str, Any],
    field: str,
    values: Iterable[Any],
    *,
    only: list[str] | None = None,
) -> Iterator[Document]:
    """One document for each of these values of `field`, where there is one; `only` these fields of it.

    For a field whose index is partial: the embedded database doesn't use that for `$in`, and reads the whole collection (of a log
    of 200,000 messages for six seconds, in which it does nothing else). An equality takes it less than a millisecond.
    """
    for value in dict.fromkeys(values):
        if document := collection.find_one({**equal, field: value}, only):
            yield document
