"""The words for what node_wa notes as a session's last error. It writes English; what a library or a browser said stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..words import N_, Text
from .reasons import lacking

FIXED: dict[str, str] = {
    "nobody linked in time": N_("nobody linked it in time"),
    "nobody scanned": N_("nobody scanned the code"),
    "the stored login is not accepted": N_("WhatsApp did not accept the stored login"),
    "the stored login was refused": N_("WhatsApp did not accept the stored login"),
    "the browser has ended": N_("the browser ended"),
    "the page has crashed": N_("the page of WhatsApp Web crashed"),
    "the page is not WhatsApp Web": N_("the page is not WhatsApp Web"),
    "WhatsApp does not answer": N_("WhatsApp does not answer"),
    "WhatsApp went away while its page loaded": N_("WhatsApp went away while its page loaded"),
    "it does not answer": N_("the engine does not answer"),
    "logged in, but WhatsApp Web never gets ready": N_("logged in, but WhatsApp Web never gets ready"),
    "the connection did not come back": N_("the connection did not come back"),
    "the connection broke while a code was shown": N_("the connection broke while a code was shown"),
    "too many events wait to be stored": N_("too many events wait to be stored"),
    "unlinked on the phone": N_("unlinked on the phone"),
    "this login was used elsewhere": N_("this login was used elsewhere"),
    "WhatsApp Web was opened elsewhere with this login": N_("WhatsApp Web was opened elsewhere with this login"),
    "WhatsApp has blocked this number": N_("WhatsApp has blocked this number"),
    "WhatsApp refuses this network": N_("WhatsApp refuses this network"),
    "WhatsApp refuses this version of the engine": N_("WhatsApp refuses this version of the engine"),
    "WhatsApp refuses this version of WhatsApp Web": N_("WhatsApp refuses this version of WhatsApp Web"),
    "the account is not set up for several devices": N_("the account is not set up for several devices"),
}

_WITH_VALUES: list[tuple[str, Callable[[re.Match[str]], Text]]] = [
    (
        r"the browser takes (\d+) MB, (\d+) MB are allowed",
        lambda found: Text(
            "the browser takes %(taken)s MB, %(allowed)s MB are allowed", taken=int(found[1]), allowed=int(found[2])
        ),
    ),
    (
        r"not possible with this version: ([\w, ]+)",
        lambda found: Text("%(lacking)s with this version", lacking=lacking(found[1].split(", "))),
    ),
    (r"WhatsApp answers (\d+)", lambda found: Text("WhatsApp answers with an error (%(code)s)", code=found[1])),
    (r"WhatsApp does not answer \((\d+)\)", lambda found: Text("WhatsApp does not answer (%(code)s)", code=found[1])),
    (r"no login came \((\w+)\)", lambda found: Text("no login came (%(state)s)", state=found[1])),
]


def last_error(noted: str) -> str:
    for pattern, words in _WITH_VALUES:
        if found := re.fullmatch(pattern, noted, re.ASCII):
            return words(found)
    return FIXED.get(noted, noted)
