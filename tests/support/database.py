"""A real embedded database by itself, for tests that need no other process."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from wabot.launching import ports

from .stack import ROOT
from .waiting import wait_until


class Database:
    """Keeps its data in `data`, which is taken away when it stops."""

    def __init__(self, data: Path) -> None:
        self.port = ports.choose_free()
        self._data = data
        self._names = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            "setpriv", "--pdeathsig", "KILL", str(ROOT / ".venv/bin/secantusd-py"), "--config", str(ROOT / "wabot/launching/db.toml"),
            "--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self._data), "--standalone", "--log-level", "ERROR",
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, 60, "the database answers")

    def _answers(self) -> bool:
        try:
            with MongoClient[dict[str, object]](self.uri("admin"), serverSelectionTimeoutMS=200) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def uri(self, name: str) -> str:
        return f"mongodb://127.0.0.1:{self.port}/{name}?directConnection=true&retryWrites=false"

    def new_uri(self) -> str:
        """Of a database nobody used before."""
        self._names += 1
        return self.uri(f"test{self._names}")

    def drop(self, uri: str) -> None:
        with MongoClient[dict[str, object]](uri) as client:
            client.drop_database(client.get_default_database())

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
        shutil.rmtree(self._data, ignore_errors=True)
