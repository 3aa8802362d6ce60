"""What must be in the database before anybody uses it: the indexes, the unique ones above all, and the first admin."""

from __future__ import annotations

from ..lib.together import Together
from ..store import Store
from .accounts import Accounts


class Preparation:
    """Done once by each process, as soon as the database is there. Safe for threads."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts
        self._done = False
        self._try_together = Together(self._try)

    def ensure(self) -> None:
        """Costs nothing when it is done. Raises what the store raises while the database is away; the next call tries again."""
        if not self._done:
            self._try_together(None)

    def _try(self, callers: list[None]) -> list[None]:
        if not self._done:
            self._store.ensure_indexes()
            self._accounts.ensure_first_admin()
            self._done = True
        return callers
