"""Writing files durably, and telling how old they are."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path


def aside_of(path: Path) -> Path:
    """Where a file is written before it gets its name: nobody else's place, in whatever container they run."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def write_synced(path: Path, content: bytes) -> None:
    """Write a file only its owner can read, and return once it is on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(directory: Path) -> None:
    """A renamed file is durable only when its directory is. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def age(path: Path) -> float:
    """Seconds since it was last written; 0 when another process has taken it meanwhile."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
