"""What web processes tell each other's pages: Socket.IO's queue, over a Redis that may go away, hang and come back.

python-socketio's own waits for a Redis that hangs in every call that pushes something, for a quarter of a minute; it finds one that
is back up to a minute late; and nobody learns that something was missed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError
from socketio.pubsub_manager import PubSubManager

from . import redis_calls
from .log import get_logger

EVENT = "relay"
"""To the pages: {away}. True: what happens in other web processes is missed. False: it is not any more; read anew what is shown."""
_SILENCE = 1.0
"""Seconds after which Redis is asked whether it is there, and again until it counts as away."""

log = get_logger(__name__)


class Relay(PubSubManager):  # type: ignore[misc]  # python-socketio has no types
    name = "relay"

    def __init__(self, url: str) -> None:
        super().__init__()
        self.away = False
        """Whether other web processes can be neither told nor heard."""
        self._redis = Redis.from_url(url, **redis_calls.deadlines())
        self._lock = threading.Lock()
        self._listens = False
        self._broken = threading.Event()
        """Somebody could not be told something: whoever listens starts anew, and has the pages read anew."""

    def initialize(self) -> None:
        """By whoever comes first, a websocket or something to tell."""
        with self._lock:
            listens, self._listens = self._listens, True
        if not listens:
            super().initialize()

    def _publish(self, data: dict[str, Any]) -> None:
        self.initialize()
        if self.away:
            return
        try:
            self._redis.publish(self.channel, self.json.dumps(data))
        except RedisError as error:
            self._broken.set()
            self._is_away(error)

    def _listen(self) -> Iterator[bytes]:
        while True:
            self._broken.clear()
            try:
                with self._redis.pubsub() as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(self.channel)
                    yield from self._heard(channel)
            except RedisError as error:
                self._is_away(error)
            time.sleep(redis_calls.AGAIN_AFTER)

    def _heard(self, channel: PubSub) -> Iterator[bytes]:
        """Until something could not be told. Raises RedisError when Redis is away, or doesn't answer."""
        asked = True
        while not self._broken.is_set():
            message = channel.get_message(timeout=_SILENCE)
            if message is None:
                if asked:
                    raise RedisError("no answer")
                channel.ping()
            elif message["type"] == "subscribe":
                self._is_back()
            elif message["type"] == "message":
                yield message["data"]
            asked = message is None

    def _is_away(self, error: RedisError) -> None:
        with self._lock:
            if self.away:
                return
            self.away = True
            self.emit(EVENT, {"away": True}, namespace="/", ignore_queue=True)
        log.warning("pages_without_redis", error=type(error).__name__)

    def _is_back(self) -> None:
        """Also at the start, and when the connection was made anew: what happened before was missed, here and by whom we didn't tell."""
        with self._lock:
            was_away, self.away = self.away, False
        if was_away:
            log.warning("pages_with_redis_again")
        self.emit(EVENT, {"away": False})
