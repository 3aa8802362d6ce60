"""Ids: MongoDB's ObjectId inside, its 24 hex digits outside. It carries its second of birth, which the windows use."""

from __future__ import annotations

from datetime import datetime

from bson import ObjectId


def new_id() -> str:
    return str(ObjectId())


def parse(text: str) -> ObjectId | None:
    """None for what can't be an id, so that a look-up finds nothing instead of failing."""
    return ObjectId(text) if ObjectId.is_valid(text) and len(text) == 24 else None


def earliest_at(moment: datetime) -> ObjectId:
    """The smallest id born in that second."""
    return ObjectId.from_datetime(moment)
