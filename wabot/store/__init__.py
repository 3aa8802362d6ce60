"""The only place that knows collections, indexes and queries. Values in, typed records out.

The same code runs on MongoDB and on the embedded default, so every query is an equality on an index's prefix plus at most
one range right behind it, with an index of exactly that shape (`indexes.py`); anything else is filtered in Python over
bounded windows (`windows.py`). The embedded database reads the whole collection for a range of `_id` alone, for a field beyond those
of the index, and for `$in` on a partial one; while the tests run, it is asked how it would find what is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bson.errors import InvalidDocument
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, ExecutionTimeout, OperationFailure, WaitQueueTimeoutError, WriteError

from . import indexes
from .administrators import AdministratorRegister
from .applied_events import AppliedEvents
from .audit import Audit
from .chats import Chats
from .copying import copy_everything
from .counters import Counters
from .endpoints import Endpoints
from .engine_logins import EngineLogins
from .event_log import EventLog
from .hearers import Hearers
from .hook_deliveries import HookDeliveries
from .idempotency import IdempotencyKeys
from .keys import ApiKeys
from .lanes import Lanes
from .limit_reports import LimitReports
from .login_failures import LoginFailures
from .logins import Logins
from .mails import Mails
from .messages import Messages
from .outbox import Outbox
from .pacing import PacingRecords
from .phones import SandboxPhones
from .recent import Writes
from .second_factors import SecondFactors
from .sessions import Sessions
from .settings import StoredSettings
from .upgrading import catch_up, upgrade
from .users import Users
from .views import Views
from .wanted_media import WantedMediaEntries
from .workers import Workers

Document = dict[str, Any]

DATABASE_DOWN = (ConnectionFailure, ExecutionTimeout, WaitQueueTimeoutError)
"""What any call of the store may raise when the database is away: answered with 503, retried by loops."""

_INTERNAL_ERROR = 1
"""MongoDB's code for a fault of the server's own."""


class StorageGaveUp(ConnectionFailure):
    """The database answers, and can't even read: its disk was full, say. Only a new process of it comes back."""


def gave_up(error: Exception) -> bool:
    """Whether the database failed by a fault of its own, whatever it was asked."""
    return isinstance(error, OperationFailure) and error.code == _INTERNAL_ERROR


REFUSED = (InvalidDocument, WriteError)
"""What the database will never take, however often it is tried."""


class Store:
    """One attribute a collection. With `writes` it is the only one that serves requests, and looks up less (`recent`)."""

    def __init__(self, db: Database[Document], writes: Writes | None = None) -> None:
        self._db = db
        self.users = Users(db)
        self.second_factors = SecondFactors(db)
        self.logins = Logins(db, writes)
        self.limit_reports = LimitReports(db)
        self.login_failures = LoginFailures(db)
        self.keys = ApiKeys(db, writes)
        self.sessions = Sessions(db, writes)
        self.messages = Messages(db)
        self.outbox = Outbox(db)
        self.lanes = Lanes(db)
        self.hearers = Hearers(db)
        self.event_log = EventLog(db)
        self.endpoints = Endpoints(db)
        self.engine_logins = EngineLogins(db)
        self.hook_deliveries = HookDeliveries(db)
        self.chats = Chats(db)
        self.wanted_media = WantedMediaEntries(db)
        self.idempotency = IdempotencyKeys(db)
        self.counters = Counters(db)
        self.settings = StoredSettings(db)
        self.applied_events = AppliedEvents(db)
        self.workers = Workers(db)
        self.phones = SandboxPhones(db)
        self.audit = Audit(db)
        self.views = Views(db)
        self.administrators = AdministratorRegister(db)
        self.pacing = PacingRecords(db)
        self.mails = Mails(db)

    def ping(self) -> None:
        """Raises one of DATABASE_DOWN when the database doesn't answer, or can't read."""
        try:
            self._db["workers"].find_one({"_id": ""})  # MongoDB's own `ping` touches no storage
        except OperationFailure as error:
            raise StorageGaveUp from error

    def close(self) -> None:
        self._db.client.close()

    def copy_to(self, uri: str, options: dict[str, Any]) -> Iterator[tuple[str, int]]:
        """As `copying.copy_everything`."""
        return copy_everything(self._db, uri, options)

    def ensure_indexes(self) -> int:
        """Make every index that is missing; how many there are. Harmless to repeat."""
        return indexes.ensure(self._db)

    def catch_up(self) -> None:
        """As `upgrading.catch_up`, before anything is sent."""
        catch_up(self._db)

    def upgrade(self) -> int:
        """As `upgrading.upgrade`."""
        return upgrade(self._db)
