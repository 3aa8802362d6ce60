"""Copies everything from one database into another, empty one: to move to MongoDB, or back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from . import indexes

_AT_ONCE = 500


class NotEmpty(Exception):
    """The target holds something already: its collections."""


class WentMissing(Exception):
    """Of this collection fewer arrived than left."""


def copy_everything(source: Database[dict[str, Any]], uri: str, options: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """(collection, documents) as each is done; `uri` names the target's database. Raises NotEmpty, WentMissing."""
    with MongoClient[dict[str, Any]](uri, **options) as client:
        target = client.get_default_database()
        if there := target.list_collection_names():
            raise NotEmpty(", ".join(sorted(there)))
        for name in sorted(source.list_collection_names()):
            copied = _copy(source, target, name)
            if (arrived := target[name].count_documents({})) != copied:
                raise WentMissing(f"{name}: {arrived} of {copied}")
            yield name, copied
        indexes.ensure(target)


def _copy(source: Database[dict[str, Any]], target: Database[dict[str, Any]], name: str) -> int:
    copied = 0
    with source[name].find({}, batch_size=_AT_ONCE) as documents:
        while some := list(islice(documents, _AT_ONCE)):
            target[name].insert_many(some, ordered=False)
            copied += len(some)
    return copied
