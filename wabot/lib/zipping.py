"""A ZIP archive that is written while it is sent: it is never complete in memory or on disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime

_CHUNK = 64 * 1024
"""Bytes gathered before they are given out."""


class _Sink:
    """What ZipFile writes into. It isn't seekable, so the sizes follow each file in the archive, as the format allows."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None: ...

    def take(self) -> bytes:
        taken, self._parts, self.size = b"".join(self._parts), [], 0
        return taken


def zipped(files: Iterable[tuple[str, Iterable[bytes]]], at: datetime) -> Iterator[bytes]:
    """The archive in chunks; of each file its name and what is in it, in pieces. `at` is the time all of them bear."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # write and flush are all it needs
        for name, pieces in files:
            yield from _file(archive, sink, zipfile.ZipInfo(name, at.timetuple()[:6]), pieces)
    yield sink.take()


def _file(archive: zipfile.ZipFile, sink: _Sink, info: zipfile.ZipInfo, pieces: Iterable[bytes]) -> Iterator[bytes]:
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as opened:
        for piece in pieces:
            opened.write(piece)
            if sink.size >= _CHUNK:
                yield sink.take()
