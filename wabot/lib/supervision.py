"""A word to the supervisord that runs us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_CONFIGURATION = Path(__file__).resolve().parents[2] / "supervisord.conf"
_SECONDS = 10


def kill(program: str) -> None:
    """End a program at once; supervisord starts it anew. Raises OSError and SubprocessError."""
    command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(_CONFIGURATION), "signal", "KILL", program]
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=_SECONDS, check=True)
