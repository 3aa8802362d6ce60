"""Collection `hook_deliveries`: every event for every endpoint, what became of it, and which wait for an attempt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .hook_records import HookDelivery, WaitingDelivery
from .inserting import insert_new
from .personal import IN_ONE_GO, remove
from .records import Page, fields_of, record_of
from .windows import merged, newest_first, oldest_first

ATTEMPTS_KEPT = 25
PARKED = "parked"
_WAITING_FIELDS = {"event_id": 1, "key": 1, "place": 1, "due": 1, "tries": 1, "forced": 1, "ahead": 1}
_CHANGED_AT_ONCE = 200
_WAITS = {"$gt": ""}


class HookDeliveries:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._deliveries = db["hook_deliveries"]
        self._webhooks = db["webhooks"]

    def add_many(self, deliveries: list[HookDelivery]) -> set[str]:
        """Ids of those that are new."""
        if not deliveries:
            return set()
        known = insert_new(self._deliveries, [_document(one) for one in deliveries])
        return {one.id for index, one in enumerate(deliveries) if index not in known}

    def waiting(self, endpoint_id: str, limit: int) -> list[WaitingDelivery]:
        """All that wait for an attempt, up to `limit`."""
        found = self._deliveries.find({"endpoint_id": endpoint_id, "due": _WAITS}, _WAITING_FIELDS).limit(limit)
        return [record_of(WaitingDelivery, one) for one in found]

    def count_waiting(self, endpoint_id: str, at_most: int) -> int:
        return len(list(self._deliveries.find({"endpoint_id": endpoint_id, "due": _WAITS}, {"_id": 1}).limit(at_most)))

    def one(self, user_id: str, endpoint_id: str, delivery_id: str) -> HookDelivery | None:
        mine = {"_id": ids.parse(delivery_id), "user_id": user_id, "endpoint_id": endpoint_id}
        found = self._deliveries.find_one(mine)
        return record_of(HookDelivery, found) if found else None

    def page(
        self,
        endpoint_id: str,
        *,
        limit: int,
        cursor: str | None = None,
        statuses: Sequence[str] = (),
        since: datetime | None = None,
        wanted: Callable[[dict[str, Any]], bool] = lambda _: True,
    ) -> Page:
        """Newest first; those of any of the `statuses`, or all."""
        of_it = {"endpoint_id": endpoint_id}
        equals = [{**of_it, "status": status} for status in statuses] or [of_it]
        pages = [
            newest_first(self._deliveries, equal, limit=limit, before=cursor, since=since, wanted=wanted) for equal in equals
        ]
        found, following = merged(pages, limit)
        return Page([record_of(HookDelivery, one) for one in found], following)

    def attempted(self, delivery_id: str, attempt: dict[str, Any], changes: dict[str, Any]) -> None:
        """Note an attempt and what follows from it."""
        pushed = {"attempts": {"$each": [attempt], "$slice": -ATTEMPTS_KEPT}}
        self._deliveries.update_one({"_id": ids.parse(delivery_id)}, {"$set": changes, "$push": pushed})

    def order(self, delivery_ids: list[str], due: str) -> int:
        """Send them (again), with a schedule from its start, also when their endpoint is switched off; how many there were."""
        changes = {"status": "pending", "due": due, "tries": 0, "forced": True, "ahead": ""}
        found = {"_id": {"$in": [ids.parse(one) for one in delivery_ids]}}
        return self._deliveries.update_many(found, {"$set": changes}).matched_count

    def pull_forward(self, endpoint_id: str, due: str, *, held_back: bool = False) -> None:
        """All that wait for a later attempt are due now, for one more attempt than they have: it works again. `held_back`: also
        those that a success doesn't bring forward."""
        later = {"due": {"$gt": due}, "tries": {"$gt": 0}, **({} if held_back else {"ahead": {"$in": ["", None]}})}
        # Found by their index first: with anything asked besides, the embedded database reads the whole collection.
        waiting = [one["_id"] for one in self._deliveries.find({"endpoint_id": endpoint_id, "due": {"$gt": due}}, {"_id": 1})]
        for start in range(0, len(waiting), _CHANGED_AT_ONCE):
            some = {"_id": {"$in": waiting[start : start + _CHANGED_AT_ONCE]}, **later}
            self._deliveries.update_many(some, {"$set": {"due": due, "ahead": "now"}, "$inc": {"tries": -1}})

    def unpark(self, endpoint_id: str, since: datetime, until: datetime, limit: int, due: str) -> int:
        """Bring the oldest parked ones into the queue; how many."""
        parked = {"endpoint_id": endpoint_id, "status": PARKED}
        found = oldest_first(self._deliveries, parked, since=since, until=until, limit=limit)
        chosen = {"_id": {"$in": [one["_id"] for one in found]}, "status": PARKED}
        self._deliveries.update_many(chosen, {"$set": {"status": "pending", "due": due}})
        return len(found)

    def remove_before(self, endpoint_id: str, moment: datetime) -> int:
        """An endpoint's that were made before, by far older than any attempt, `IN_ONE_GO` of them; how many."""
        oldest = str(ids.earliest_at(moment))
        found, _ = newest_first(self._deliveries, {"endpoint_id": endpoint_id}, limit=IN_ONE_GO, before=oldest)
        return remove(self._deliveries, found)

    def erase_endpoint(self, endpoint_id: str, limit: int = IN_ONE_GO) -> int:
        """Some of an endpoint's deliveries; how many."""
        found, _ = newest_first(self._deliveries, {"endpoint_id": endpoint_id}, limit=limit)
        return remove(self._deliveries, found)

    def erase(self, user_id: str, limit: int) -> int:
        """Before the user's endpoints are: they lead to the deliveries."""
        of_user = self._webhooks.find({"user_id": user_id}, {"_id": 1})
        return sum(self.erase_endpoint(str(one["_id"]), limit) for one in of_user)


def _document(delivery: HookDelivery) -> dict[str, Any]:
    return {"_id": ids.parse(delivery.id), **fields_of(delivery)}
