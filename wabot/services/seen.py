"""Tells WhatsApp that a chat was read. This is optional: a separate thread does it, nobody waits for it, and it isn't retried.

The site's own call for it has been broken since January 2026 (wwebjs #5718); where it works, the other side gets blue ticks.
"""

from __future__ import annotations

import queue
import threading

from ..errors import GatewayUnavailable
from ..lib.gateway import Gateway
from ..lib.log import get_logger
from ..lib.loopback import Problem
from ..store.records import Chat

_WAITING_AT_MOST = 100
log = get_logger(__name__)


class SeenTeller:
    """Safe for threads; its own starts with the first chat, after any fork."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._waiting: queue.Queue[Chat | None] = queue.Queue(_WAITING_AT_MOST)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def tell(self, chat: Chat) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="seen", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(chat)
        except queue.Full:
            log.info("seen_not_told", chat_id=chat.id, code="busy")

    def _run(self) -> None:
        while (chat := self._waiting.get()) is not None:
            try:
                told = self._gateway.seen(chat.session_id, {"phone": chat.phone, "lid": chat.lid})
                log.info("seen_told" if told else "seen_not_told", chat_id=chat.id)
            except (GatewayUnavailable, Problem) as error:
                log.info("seen_not_told", chat_id=chat.id, code=error.code)
