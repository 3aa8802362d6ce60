"""Collection `api_keys`: found by prefix, compared by hash; the key itself is never stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from ..lib.together import Together
from . import ids
from .finding import found_by
from .personal import erase_some
from .recent import Recent, Writes
from .records import ApiKey, User, record_of

REVOKED_KEPT = timedelta(minutes=10)
"""How long a revoked key, which nobody can use, can be had back; then the database removes it."""
_READ_AT_MOST = 1000
"""More than a user may have and revoke within ten minutes, so that one too many is seen."""
_STANDING = {"revoked_at": None}


class ApiKeys:
    def __init__(self, db: Database[dict[str, Any]], writes: Writes | None = None) -> None:
        self._keys = db["api_keys"]
        self._by_prefix = Together(found_by(self._keys, "prefix"))
        self._users = Together(found_by(db["users"], "_id"))
        self._recent = Recent(self._found, writes, "api_keys", "users")

    def add(self, fields: dict[str, Any]) -> ApiKey:
        document = {"_id": ids.parse(ids.new_id()), **fields}
        self._keys.insert_one(document)
        return record_of(ApiKey, document)

    def with_user(self, prefix: str) -> tuple[ApiKey, User] | None:
        """A key that stands, and whose it is (`Recent`)."""
        return self._recent.get(prefix)

    def _found(self, prefix: str) -> tuple[ApiKey, User] | None:
        key = self._by_prefix(prefix)
        owner = self._users(ids.parse(key["user_id"])) if key and not key.get("revoked_at") else None
        return (record_of(ApiKey, key), record_of(User, owner)) if key and owner else None

    def of_user(self, user_id: str) -> list[ApiKey]:
        """Those that stand, newest first: all a user may have, and some."""
        documents = self._keys.find({"user_id": user_id}).sort("_id", -1).limit(_READ_AT_MOST)
        return [record_of(ApiKey, one) for one in documents if one.get("revoked_at") is None]

    def revoke(self, user_id: str, key_id: str, at: datetime) -> ApiKey | None:
        """The key, if it stood until now."""
        wanted = {"_id": ids.parse(key_id), "user_id": user_id, **_STANDING}
        found = self._keys.find_one_and_update(wanted, {"$set": {"revoked_at": at}})
        return record_of(ApiKey, found) if found else None

    def remove(self, key_id: str) -> None:
        self._keys.delete_one({"_id": ids.parse(key_id)})

    def kept(self, user_id: str, key_id: str) -> ApiKey | None:
        """A key that stands or was revoked lately."""
        found = self._keys.find_one({"_id": ids.parse(key_id), "user_id": user_id})
        return record_of(ApiKey, found) if found else None

    def restore(self, user_id: str, key_id: str, now: datetime) -> ApiKey | None:
        """The key when it stands, also when it was restored before; None when it is another's, or gone."""
        mine: dict[str, Any] = {"_id": ids.parse(key_id), "user_id": user_id}
        revoked_lately = {**mine, "revoked_at": {"$gt": now - REVOKED_KEPT}}
        self._keys.update_one(revoked_lately, {"$unset": {"revoked_at": ""}})
        found = self._keys.find_one({**mine, **_STANDING})
        return record_of(ApiKey, found) if found else None

    def used(self, key_id: str, at: datetime) -> None:
        self._keys.update_one({"_id": ids.parse(key_id)}, {"$set": {"last_used_at": at}})

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's; how many."""
        return erase_some(self._keys, {"user_id": user_id}, limit)
