"""Finding what several callers look for at the same moment (`lib.together`), with one query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymongo.collection import Collection

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
