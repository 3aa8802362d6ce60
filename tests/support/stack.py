"""The whole product, started by its own launcher as `make run` does, on free ports and with data of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from wabot import config
from wabot.launching import ports

from .processes import processes_of
from .waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("db", "sandbox", "gateway", "web", "worker")
CHEAP_SCRYPT = "scrypt:256:8:1"
READY_WITHIN = 120.0
STOP_WITHIN = 12.0


def environment(data: Path, **settings: str) -> dict[str, str]:
    """This process's environment without any setting of wabot's, and then `settings`."""
    known = {name for name, _ in config.fields()}
    clean = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in known}
    return clean | {"WABOT_DATA": str(data), "WABOT_TEST_SCRYPT": CHEAP_SCRYPT} | settings


class Stack:
    """One wabot. `secrets` are values that must never show in its logs; helpers add what they make."""

    def __init__(self, **settings: str) -> None:
        # Short, since a socket's path has to fit into 107 bytes.
        self.data = self._directory = Path(tempfile.mkdtemp(prefix="wb-", dir="/tmp"))
        chosen: set[int] = set()
        while len(chosen) < 3:
            chosen.add(ports.choose_free())
        web, gateway, sandbox = (str(port) for port in chosen)
        defaults = {"WABOT_DEFAULT_NETWORK": "sandbox", "WABOT_PORT": web, "GATEWAY_PORT": gateway, "SANDBOX_PORT": sandbox}
        self.env = environment(self.data, **(defaults | settings))
        self.url = f"http://127.0.0.1:{self.env['WABOT_PORT']}"
        self.sandbox_url = f"http://127.0.0.1:{self.env['SANDBOX_PORT']}"
        self.gateway_url = f"http://127.0.0.1:{self.env['GATEWAY_PORT']}"
        self.secrets: set[str] = set()
        self._launched: subprocess.Popen[bytes] | None = None

    def move_data(self, name: str) -> None:
        """Before the start: keep it in a directory of that name."""
        self.data /= name
        self.data.mkdir()
        self.env["WABOT_DATA"] = str(self.data)

    def start(self) -> float:
        """Start, or start again, and wait for /readyz. Returns the seconds that took."""
        started = time.monotonic()
        with (self.data / "launch.out").open("ab") as out:
            # setpriv: should the test run be killed, its wabot stops too.
            self._launched = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "wabot.launch"],
                cwd=ROOT, env=self.env, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        try:
            wait_until(self._ready_or_over, READY_WITHIN, "wabot is ready")
        except AssertionError as error:
            text = f"{error}\nchecks: {self.checks()}\n{self.output()}\n{self.logs()[-6000:]}"
            self.kill_all()
            raise AssertionError(text) from error
        return time.monotonic() - started

    def _ready_or_over(self) -> bool:
        assert self.running, f"the launcher ended:\n{self.output()}"
        return self.ready()

    @property
    def running(self) -> bool:
        return self._launched is not None and self._launched.poll() is None

    def ready(self) -> bool:
        return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200

    def checks(self) -> dict[str, bool]:
        """What /readyz says of each part; {} when web doesn't answer."""
        try:
            checks: dict[str, bool] = requests.get(f"{self.url}/readyz", timeout=10).json()["checks"]
        except (requests.RequestException, ValueError, KeyError):
            return {}
        return checks

    def supervisorctl(self, *arguments: str, timeout: float = 20) -> str:
        command = [str(ROOT / ".venv/bin/supervisorctl"), "-c", "supervisord.conf", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=timeout, check=False
        ).stdout

    def pid(self, program: str) -> int:
        """0 when it doesn't run."""
        answer = self.supervisorctl("pid", program).strip()
        return int(answer) if answer.isdigit() else 0

    def kill(self, program: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Signal a program; returns the pid it had."""
        pid = self.pid(program)
        assert pid, f"{program} doesn't run: {self.supervisorctl('status')}"
        os.kill(pid, number)
        return pid

    def interrupt(self) -> tuple[int, float]:
        """What Ctrl-C in the terminal does. Returns the exit status and the seconds until it was there."""
        assert self._launched is not None
        started = time.monotonic()
        os.killpg(self._launched.pid, signal.SIGINT)
        status = self._launched.wait(timeout=3 * STOP_WITHIN)
        return status, time.monotonic() - started

    def stop(self) -> None:
        """Ctrl-C, then look: nothing of it may live on, and no secret may stand in its logs."""
        try:
            if self.running:
                status, seconds = self.interrupt()
                assert status == 0, f"exit status {status}\n{self.output()}"
                assert seconds < 2 * STOP_WITHIN, f"stopping took {seconds:.1f} s"
            left = processes_of(self.data)
            assert not left, "processes survive:\n" + "\n".join(map(str, left))
            self.check_logs()
        finally:
            self.kill_all()

    def abandon(self) -> None:
        """The quick end, with the same look at the logs; harmless for one that never ran or was stopped."""
        self.kill_all()
        if (self.data / "secrets").exists():
            self.check_logs()

    def kill_all(self) -> None:
        wait_until(self._kill_what_is_left, 10, "killed processes are gone")
        if self._launched is not None:
            self._launched.wait(timeout=10)

    def _kill_what_is_left(self) -> bool:
        """False when something was: supervisord may just have started one more."""
        left = processes_of(self.data)
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        return not left

    def logs(self, program: str = "*") -> str:
        paths = sorted((self.data / "logs").glob(f"{program}.log*"))
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')}" for path in paths)

    def output(self) -> str:
        """What the launcher said to the terminal."""
        return (self.data / "launch.out").read_text(errors="replace")

    def check_logs(self) -> None:
        logs = self.logs()
        made = {path.read_text().strip() for path in (self.data / "secrets").iterdir()}
        for secret in self.secrets | made:
            assert secret not in logs, f"a secret stands in the logs: {secret[:6]}…"

    def remove(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)

    def sandbox(self, method: str, path: str, **body: Any) -> Any:
        """A call of the sandbox's control API; the answer's JSON, or None."""
        answer = requests.request(method, f"{self.sandbox_url}{path}", json=body or None, timeout=15)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None
