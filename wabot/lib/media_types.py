"""What a file really is, by its first bytes: the type its sender claims is never believed."""

from __future__ import annotations

from pathlib import Path

import puremagic

OTHER = "application/octet-stream"
_HEAD = 4096
_SHOWN = {
    "image/jpeg": "image/jpeg",
    "image/png": "image/png",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "audio/mpeg": "audio/mpeg",
    "audio/mp3": "audio/mpeg",
    "audio/ogg": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/wav": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/mp4": "audio/mp4",
    "video/mp4": "video/mp4",
    "video/webm": "video/webm",
}
"""Types a browser may show in a page, each by the names it goes by. None of them can hold a script."""
_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/mp4": ".m4a",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
}
"""Not by `mimetypes`, which says something else on each machine, and of some of these nothing."""
_PICTURES_IN_MP4 = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
"""Brands of files that are built like a film, and are none (ISO 23008-12)."""


def sniff(path: Path) -> str:
    """One of the few types that are shown in a page, or OTHER."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[4:8] == b"ftyp" and head[8:12] not in _PICTURES_IN_MP4:
        return "audio/mp4" if head[8:11] in (b"M4A", b"M4B") else "video/mp4"
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return OTHER
    named = [one.mime_type for one in found if one.mime_type]
    return _SHOWN.get(named[0], OTHER) if named else OTHER  # the best guess: a page that mentions a picture is none


def ending_of(kind: str | None) -> str:
    """Of file names, such as `.jpg`; none for OTHER."""
    return _ENDINGS.get(kind or OTHER, "")


def is_shown(kind: str | None) -> bool:
    return kind in _SHOWN.values()
