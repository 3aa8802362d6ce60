"""Inserting what may be there already."""

from __future__ import annotations

from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

_DUPLICATE = 11000
"""MongoDB's code for a key that is there already."""


def insert_new(collection: Collection[dict[str, Any]], documents: list[dict[str, Any]]) -> set[int]:
    """Insert all, in one durable write; the indexes of those whose key is there already. Raises every other error, without what was to
    be inserted: that is people's messages, and errors are logged."""
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        failed = error.details["writeErrors"]
        if error.details.get("writeConcernErrors") or any(one["code"] != _DUPLICATE for one in failed):
            alone = [{name: value for name, value in one.items() if name != "op"} for one in failed]
            raise BulkWriteError({**error.details, "writeErrors": alone}) from None
        return {one["index"] for one in failed}
    return set()
