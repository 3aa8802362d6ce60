"""Finding what several callers look for at the same moment (`lib.together`), with one query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymongo.collection import Collection

Document = dict[str, Any]


def found_by_id(collection: Collection[Document]) -> Callable[[list[Any]], list[Document | None]]:
    """The documents with these ids, in their order; None for those that aren't there."""

    def find(wanted: list[Any]) -> list[Document | None]:
        different = list(dict.fromkeys(wanted))
        if len(different) == 1:
            return [collection.find_one({"_id": different[0]})] * len(wanted)
        found = {one["_id"]: one for one in collection.find({"_id": {"$in": different}})}
        return [found.get(one) for one in wanted]

    return find
