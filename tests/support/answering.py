"""An HTTP server on loopback that answers GET with JSON, for what only reads."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@contextmanager
def answering(answer: Callable[[str], dict[str, Any] | None]) -> Iterator[str]:
    """Gives the server's URL. `answer` takes the path and query that was asked for; for None it hangs up."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shape = answer(self.path)
            if shape is None:
                return
            body = json.dumps(shape).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
