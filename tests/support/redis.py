"""A real Redis of a test's own: its own directory, nothing kept."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile

from redis import Redis as Client
from redis.exceptions import RedisError

from wabot.launching import ports

from .waiting import wait_until


class Redis:
    def __init__(self) -> None:
        self.port = ports.choose_free()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = tempfile.mkdtemp(prefix="wbredis-", dir="/tmp")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = {"bind": "127.0.0.1", "port": str(self.port), "dir": self._directory, "save": "", "appendonly": "no"}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        command = ["setpriv", "--pdeathsig", "KILL", "redis-server", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, 15, "Redis answers")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP: it hangs, until SIGCONT."""
        assert self._process is not None
        self._process.send_signal(number)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with Client(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except RedisError:
            return False
