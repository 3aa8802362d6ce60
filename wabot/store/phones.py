"""Collection `sandbox_phones`: which virtual phone belongs to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

_PHONES_PER_USER = 20
_NOBODY = "nobody"


class SandboxPhones:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._phones = db["sandbox_phones"]

    def claim(self, user_id: str, number: str, at: datetime) -> bool:
        """False when the number is somebody else's."""
        try:
            self._phones.insert_one({"_id": number, "user_id": user_id, "created_at": at})
        except DuplicateKeyError:
            return self.belongs_to(user_id, number)
        return True

    def belongs_to(self, user_id: str, number: str) -> bool:
        return self._phones.find_one({"_id": number, "user_id": user_id}) is not None

    def of_user(self, user_id: str) -> list[str]:
        return [str(one["_id"]) for one in self._phones.find({"user_id": user_id}).limit(_PHONES_PER_USER)]

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's; how many. The numbers stay taken: the sandbox still has what was written to them."""
        found = [one["_id"] for one in self._phones.find({"user_id": user_id}, {"_id": 1}).limit(limit)]
        nobodys = {"$set": {"user_id": _NOBODY}}
        return self._phones.update_many({"_id": {"$in": found}}, nobodys).modified_count if found else 0
