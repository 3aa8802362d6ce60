"""Collection `webhooks`: endpoints of users, and the lanes that serve them: due when they have work, held by one worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .finding import next_ids
from .hook_records import Endpoint
from .personal import erase_some
from .records import record_of

_PER_USER = 50
_AT_ONCE = 500
_READ_AT_MOST = 20 * _AT_ONCE
_THERE = {"deleted": False}


class Endpoints:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._webhooks = db["webhooks"]

    def add(self, fields: dict[str, Any]) -> Endpoint:
        document = {"_id": ids.parse(ids.new_id()), **_THERE, **fields}
        self._webhooks.insert_one(document)
        return record_of(Endpoint, document)

    def get(self, endpoint_id: str) -> Endpoint | None:
        found = self._webhooks.find_one({"_id": ids.parse(endpoint_id)})
        return record_of(Endpoint, found) if found else None

    def of_user(self, user_id: str) -> list[Endpoint]:
        """Oldest first, without deleted ones."""
        return self.of_users([user_id]).get(user_id, [])

    def of_users(self, user_ids: list[str]) -> dict[str, list[Endpoint]]:
        """By user; a user has a few."""
        found: dict[str, list[Endpoint]] = {}
        for user_id in user_ids:
            documents = self._webhooks.find({"user_id": user_id, **_THERE}).sort("_id", 1).limit(_PER_USER)
            found[user_id] = [record_of(Endpoint, one) for one in documents]
        return found

    def change(self, endpoint_id: str, changes: dict[str, Any]) -> None:
        self._webhooks.update_one({"_id": ids.parse(endpoint_id)}, {"$set": changes})

    def change_secrets(self, seen: Endpoint, changes: dict[str, Any]) -> bool:
        """As `change`; False, and nothing is changed, if its secrets are others by now."""
        guard = {"_id": ids.parse(seen.id), "secrets": seen.secrets}
        return self._webhooks.update_one(guard, {"$set": changes}).matched_count == 1

    def note(self, endpoint: Endpoint, changes: dict[str, Any]) -> None:
        """What attempts say of it; nothing, if it has another URL by now."""
        self._webhooks.update_one({"_id": ids.parse(endpoint.id), "url": endpoint.url}, {"$set": changes})

    def disable(self, off: Endpoint) -> bool:
        """True for the one who did it; False also if it has another URL by now."""
        guard = {"_id": ids.parse(off.id), "url": off.url, "enabled": True}
        changes = {name: getattr(off, name) for name in ("enabled", "disabled_reason", "disabled_at", "mail_owed")}
        return self._webhooks.update_one(guard, {"$set": changes}).modified_count == 1

    def ring(self, endpoint_ids: list[str], due: str, changes: dict[str, Any] | None = None) -> None:
        """Their lanes have work from `due` on."""
        if endpoint_ids:
            wanted = {"_id": {"$in": [ids.parse(one) for one in endpoint_ids]}}
            self._webhooks.update_many(wanted, {"$set": {**(changes or {}), "due": due}})

    def ids_after(self, endpoint_id: str, limit: int) -> list[str]:
        """The next endpoints' ids, deleted ones too, in their order; of the first ones after an empty one."""
        return next_ids(self._webhooks, endpoint_id, limit)

    def due(self, until: str) -> list[Endpoint]:
        """Endpoints whose lanes have work; those that fail, which may have to wait for it, leave room for all others."""
        # With anything asked besides `due`, the embedded database reads the whole collection.
        documents = self._webhooks.find({"due": {"$gt": "", "$lte": until}}).limit(_READ_AT_MOST)
        found = [record_of(Endpoint, one) for one in documents]
        works, fails = ([one for one in found if bool(one.failing_since) is failing] for failing in (False, True))
        return works[:_AT_ONCE] + fails[:_AT_ONCE]

    def claim(self, endpoint: Endpoint, owner: str, lease_until: datetime) -> bool:
        """Take, or keep, the lane; True for exactly one worker."""
        guard = {"_id": ids.parse(endpoint.id), "owner": endpoint.owner, "lease_until": endpoint.lease_until}
        taken = {"$set": {"owner": owner, "lease_until": lease_until}}
        return self._webhooks.update_one(guard, taken).modified_count == 1

    def release(self, owner: str, endpoint_ids: list[str]) -> None:
        held = {"_id": {"$in": [ids.parse(one) for one in endpoint_ids]}, "owner": owner}
        self._webhooks.update_many(held, {"$set": {"owner": None, "lease_until": None}})

    def rest(self, endpoint_id: str, seen: str, due: str) -> bool:
        """The lane has work again at `due` (never, when empty); False when somebody rang since it was `seen`."""
        guard = {"_id": ids.parse(endpoint_id), "due": seen}
        return self._webhooks.update_one(guard, {"$set": {"due": due}}).matched_count == 1

    def uncrowd(self, endpoint_id: str, seen: str) -> None:
        """Nothing is parked any more, unless somebody rang meanwhile."""
        guard = {"_id": ids.parse(endpoint_id), "due": seen}
        self._webhooks.update_one(guard, {"$set": {"crowded": False, "parked_from": None}})

    def replayed(self, endpoint_id: str, replay_id: str, following: dict[str, Any] | None) -> None:
        """How far that replay is; None when it is done."""
        guard = {"_id": ids.parse(endpoint_id), "replay.id": replay_id}
        self._webhooks.update_one(guard, {"$set": {"replay": following}})

    def deleted(self, before: datetime) -> list[Endpoint]:
        """Endpoints whose deliveries are still to be erased, and that were deleted earlier than that, or before that was noted."""
        found = [record_of(Endpoint, one) for one in self._webhooks.find({"deleted": True}).limit(_AT_ONCE)]
        return [one for one in found if one.deleted_at is None or one.deleted_at <= before]

    def remove(self, endpoint_id: str) -> None:
        self._webhooks.delete_one({"_id": ids.parse(endpoint_id)})

    def erase(self, user_id: str, limit: int) -> int:
        return erase_some(self._webhooks, {"user_id": user_id}, limit)
