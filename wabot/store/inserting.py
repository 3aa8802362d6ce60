"""Inserting what may be there already."""

from __future__ import annotations

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

_DUPLICATE = 11000
"""MongoDB's code for a key that is there already."""


def insert_new(collection: Collection[dict[str, Any]], documents: list[dict[str, Any]]) -> set[int]:
    """Insert all, in one durable write; the indexes of those whose key is there already. Raises every other error."""
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        failed = error.details["writeErrors"]
        if any(one["code"] != _DUPLICATE for one in failed):
            raise
        return {one["index"] for one in failed}
    return set()
