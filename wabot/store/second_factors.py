"""The second factor, in the fields of its user's record: each change is one guarded write, so that a code counts once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from . import ids

_OFF: dict[str, Any] = {"totp_secret": None, "totp_step": 0, "recovery_codes": [], "factor_since": None}


class SecondFactors:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._users = db["users"]

    def turn_on(self, user_id: str, sealed_secret: str, step: int, recovery_codes: list[str], at: datetime) -> bool:
        """False when there is one already."""
        wanted = {"totp_secret": sealed_secret, "totp_step": step, "recovery_codes": recovery_codes, "factor_since": at}
        return self._change(user_id, {"totp_secret": None}, {"$set": {**wanted, "otp_tries": 0}})

    def turn_off(self, user_id: str) -> bool:
        """False when there was none."""
        return self._change(user_id, {"totp_secret": {"$gt": ""}}, {"$set": _OFF})

    def renew(self, user_id: str, recovery_codes: list[str]) -> None:
        """All earlier ones are worthless."""
        self._change(user_id, {}, {"$set": {"recovery_codes": recovery_codes}})

    def use_step(self, user_id: str, step: int) -> bool:
        """Of a right code: True for exactly one caller, and never again for this or an earlier time step."""
        return self._change(user_id, {"totp_step": {"$lt": step}}, {"$set": {"totp_step": step, "otp_tries": 0}})

    def use_recovery_code(self, user_id: str, digest: str) -> bool:
        """True for exactly one caller."""
        return self._change(user_id, {"recovery_codes": digest}, {"$pull": {"recovery_codes": digest}, "$set": {"otp_tries": 0}})

    def take_try(self, user_id: str, at: datetime, most: int, pause: timedelta) -> datetime | None:
        """Count a try before it is looked at; None, or the end of the pause that so many in a row have brought."""
        if self._change(user_id, {"otp_tries": {"$lt": most}}, {"$inc": {"otp_tries": 1}, "$set": {"otp_tried_at": at}}):
            return None
        found = self._users.find_one({"_id": ids.parse(user_id)}) or {}
        last: datetime = found.get("otp_tried_at", at)
        if last + pause > at:
            return last + pause
        begun = {"$set": {"otp_tries": 1, "otp_tried_at": at}}
        return None if self._change(user_id, {"otp_tried_at": last}, begun) else at + pause

    def _change(self, user_id: str, guard: dict[str, Any], change: dict[str, Any]) -> bool:
        return self._users.update_one({"_id": ids.parse(user_id), **guard}, change).modified_count == 1
