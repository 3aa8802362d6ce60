"""How gunicorn serves web: one process, a thread for each connection that is being served.

512 threads, since each websocket keeps one: with 64, 500 websockets starve the server. One process, since the limiter's and
Socket.IO's memory is one process's; more web processes are more wabots behind REDIS_URL.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING

from gunicorn.config import Config
from gunicorn.glogging import Logger

from .launching.parent import end_with
from .lib.log import configure, get_logger

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.gthread import ThreadWorker


class JsonLogger(Logger):
    """gunicorn's own lines in the shape of all others."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        configure("web")
        self.error_log.handlers.clear()
        self.error_log.propagate = True


_host = os.environ.get("WABOT_HOST", "127.0.0.1")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('WABOT_PORT', '8000')}"
worker_class = "gthread"
workers = 1  # said here, or WEB_CONCURRENCY would decide
threads = 512
worker_connections = 2000
backlog = 1024
keepalive = 5
timeout = 60
graceful_timeout = 5
preload_app = False
control_socket_disable = True
proc_name = "wabot-web"

# Keys may stand in an address (/api/send?api_key=…): no access log. The application logs its requests itself, without them.
accesslog = None
logger_class = JsonLogger

# /api/send carries the message in the address.
limit_request_line = 8190

# Only ProxyFix believes a proxy, as TRUSTED_PROXIES says; gunicorn by itself would believe everybody on loopback.
forwarded_allow_ips = ""


def post_fork(_server: Arbiter, worker: ThreadWorker) -> None:
    # A worker that outlives a killed master would keep the port.
    end_with(worker.ppid, signal.SIGKILL)
    _wake_politely()


def _wake_politely() -> None:
    """A thread that wakes takes no processor from one that runs: mostly that one holds the interpreter's lock, which the other
    would only wait for. For this process and the threads it starts; with 16 clients it accepts a fifth more (Linux)."""
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except (AttributeError, OSError) as error:  # another system, or a container that forbids it: slower, and right
        get_logger(__name__).info("no_batch_scheduling", error=type(error).__name__)


def post_worker_init(_worker: ThreadWorker) -> None:
    _leave_alone_what_is_loaded()
    _close_websockets_at_sigterm()


def _leave_alone_what_is_loaded() -> None:
    """Modules, routes and models stay as long as the process: looking through them all for garbage holds up every request for a
    tenth of a second, at every few thousandth."""
    gc.collect()
    gc.freeze()


def _close_websockets_at_sigterm() -> None:
    """Each is a request in flight, and a stopping gunicorn waits for those."""
    stop = signal.getsignal(signal.SIGTERM)

    def close_and_stop(number: int, frame: FrameType | None) -> None:
        if callable(stop):
            stop(number, frame)
        # Not in the handler itself: it may have interrupted a holder of the locks that closing needs.
        threading.Thread(target=_close_websockets, name="close-websockets", daemon=True).start()

    signal.signal(signal.SIGTERM, close_and_stop)


def _close_websockets() -> None:
    from . import live  # noqa: PLC0415  # the application is loaded after this file

    live.close_all()
