"""What a page may say over its websocket: that it joins, and that it leaves. All else comes from programs that mean something different,
and would cost a thread or some lines in the log for each packet, as often as they like: their connection ends."""

from __future__ import annotations

import re
from typing import Any

from .log import get_logger

_JOINS_OR_LEAVES = re.compile(r"[01](/,)?(\{\})?")
"""CONNECT and DISCONNECT of the namespace `/`, without data: https://socket.io/docs/v4/socket-io-protocol/."""

log = get_logger(__name__)


def only_joining(server: Any) -> None:
    """`server` is a `socketio.Server`; for its connections from now on."""
    understand = server.eio.handlers["message"]

    def heard(connection: str, packet: str | bytes) -> None:
        if isinstance(packet, str) and _JOINS_OR_LEAVES.fullmatch(packet):
            understand(connection, packet)
        else:
            log.info("websocket_ended", why="it sent what no page sends")
            server.eio.sockets[connection].close(wait=False)  # waiting may be for ever, where the client takes nothing any more

    server.eio.on("message", heard)
