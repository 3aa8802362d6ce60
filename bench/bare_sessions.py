"""Sessions of the bare library, each in a node process of its own (bare_session.mjs), linked with virtual phones."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until

from . import memory

_READY_WITHIN = 60


class BareSession:
    """`browser` is "ours" (launched as the gateway does) or "default" (as the library does by itself)."""

    def __init__(self, stack: Stack, number: int, browser: str) -> None:
        self._stack, self._browser = stack, browser
        self._phone = f"1555091{number:04}"
        self.directory = Path(tempfile.mkdtemp(prefix="wb-bare-", dir="/tmp"))
        stack.sandbox("PUT", f"/phones/+{self._phone}", name="Bare")
        self._start()

    def _start(self) -> None:
        self._events: dict[str, float] = {}
        arguments = [str(self.directory), self._phone, self._browser]
        # setpriv: should the benchmark be killed, the library ends too, and its browser with it.
        command = ["setpriv", "--pdeathsig", "KILL", "node", "bench/bare_session.mjs", *arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._stack.env, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            self._events[told["event"]] = told["ms"]

    def linked(self) -> float:
        """Waits until it is ready; milliseconds from `initialize()` to the QR."""
        wait_until(lambda: "ready" in self._events, _READY_WITHIN, "the bare library is ready")
        return self._events["qr"]

    def come_back(self) -> float:
        """Kills it and starts it again: seconds from the kill to ready."""
        started = time.perf_counter()
        self._kill()
        self._start()
        wait_until(lambda: "ready" in self._events, _READY_WITHIN, "the bare library is ready again")
        return time.perf_counter() - started

    @property
    def mb(self) -> float:
        return memory.pss_mb([self._process.pid, *memory.browser_pids(self.directory)])

    def _kill(self) -> None:
        browser = memory.browser_pids(self.directory)
        self._process.kill()
        self._process.wait(10)
        for pid in browser:  # with the library's default flags a browser outlives it
            subprocess.run(["kill", "-KILL", str(pid)], check=False, stderr=subprocess.DEVNULL)
        wait_until(lambda: not memory.browser_pids(self.directory), 10, "its browser is gone")

    def end(self) -> None:
        self._kill()
        shutil.rmtree(self.directory, ignore_errors=True)
