"""Describes a device for its owner, from its user agent. Only the obvious is used, since user agents aren't reliable."""

from __future__ import annotations

import re

from ..words import N_, Text

_PROGRAMS = (
    ("Edge", r"Edg(?:A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|HeadlessChrome/"),
    ("Safari", r"Version/[\d.]+ .*Safari/"),
)
"""The more particular first: Edge and Opera call themselves Chrome as well, and all of them Safari."""
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows NT"),
    ("ChromeOS", "CrOS"),
    ("macOS", "Mac OS X|Macintosh"),
    ("Linux", "Linux|X11"),
)
_PLAIN_PROGRAM = re.compile(r"[A-Za-z][\w.+-]{1,40}")


def describe(user_agent: str) -> str:
    """Such as `Firefox on Linux`, `curl`, or `An unknown device`."""
    program, system = _first(_PROGRAMS, user_agent), _first(_SYSTEMS, user_agent)
    if program and system:
        return Text("%(program)s on %(system)s", program=program, system=system)
    if program or system:
        return program or Text("A program on %(system)s", system=system)
    plain = _PLAIN_PROGRAM.match(user_agent)
    return plain[0] if plain else N_("An unknown device")


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, user_agent)), "")
