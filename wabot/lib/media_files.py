"""Files of messages under `WABOT_DATA/media`: one directory an owner, each file named by the SHA-256 of what is in it.

    incoming/<session>-<message>       written whole and synced by the gateway, waiting to be taken
    owners/<user>/<aa>/<sha256>        taken: the same file once an owner, however often it came

Files and not GridFS: the embedded database does one thing at a time, and sixteen megabytes in sixty chunks would hold up
every message; a file is moved into place without being copied, and served without passing through the database. A file has
to be reachable from web and worker alike; where these run on several machines they share this directory.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from .files import age, sync

_INCOMING = re.compile(r"[A-Za-z0-9_-]{1,160}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OWNER = re.compile(r"[0-9a-f]{24}", re.ASCII)
_LEFT_BEHIND_SECONDS = 24 * 3600
_PIECE = 64 * 1024


class MediaFiles:
    def __init__(self, root: Path) -> None:
        self._incoming = root / "incoming"
        self._owners = root / "owners"

    def take(self, name: str, user_id: str, sha256: str) -> Path:
        """The file is the owner's, durably. Harmless to repeat. Raises FileNotFoundError when there is none."""
        if not _INCOMING.fullmatch(name):
            raise FileNotFoundError(name)
        source, target = self._incoming / name, self.path(user_id, sha256)
        if target.exists():
            source.unlink(missing_ok=True)
            return target
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source.replace(target)
        for directory in (target.parent, target.parent.parent, target.parent.parent.parent):
            sync(directory)
        return target

    def path(self, user_id: str, sha256: str) -> Path:
        """Where the file is, or would be. Raises FileNotFoundError for what can't be a file of ours."""
        if not _OWNER.fullmatch(user_id) or not _HASH.fullmatch(sha256):
            raise FileNotFoundError(sha256)
        return self._owners / user_id / sha256[:2] / sha256

    def usage(self, user_id: str) -> int:
        """Bytes this owner's files take."""
        directory = self._owners / user_id
        return sum(one.stat().st_size for one in directory.glob("*/*")) if directory.is_dir() else 0

    def of_user(self, user_id: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Each of this owner's files: its hash, and what is in it, in pieces."""
        for one in sorted((self._owners / user_id).glob("*/*")) if _OWNER.fullmatch(user_id) else ():
            yield one.name, _pieces(one)

    def drop(self, name: str) -> None:
        """An incoming file nobody wants."""
        if _INCOMING.fullmatch(name):
            (self._incoming / name).unlink(missing_ok=True)

    def erase(self, user_id: str) -> None:
        """Everything of this owner. Raises OSError when something of it stays."""
        directory = self._owners / user_id
        while _OWNER.fullmatch(user_id) and directory.exists():
            with contextlib.suppress(FileNotFoundError):  # another process erases it, too
                shutil.rmtree(directory)

    def sweep(self) -> int:
        """Incoming files that nobody took for a day are deleted; how many."""
        if not self._incoming.is_dir():
            return 0
        old = [one for one in self._incoming.iterdir() if age(one) > _LEFT_BEHIND_SECONDS]
        for one in old:
            one.unlink(missing_ok=True)
        return len(old)


def _pieces(path: Path) -> Iterator[bytes]:
    """Nothing when it was erased meanwhile."""
    try:
        with path.open("rb") as opened:
            while piece := opened.read(_PIECE):
                yield piece
    except FileNotFoundError:
        return
