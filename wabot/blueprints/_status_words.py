"""The words for every status, for templates (`WORDS`, said with `_`) and, in the page's language, for scripts."""

from __future__ import annotations

from flask import Flask

from ..services.last_errors import last_error
from ..words import N_
from ._languages import gettext

Words = dict[str, dict[str, dict[str, str]]]

WORDS: Words = {
    "session": {
        "disconnected": {"text": N_("Not connected")},
        "starting": {"text": N_("Starting")},
        "qr": {"text": N_("Waiting for scan")},
        "pairing": {"text": N_("Waiting for code")},
        "authenticating": {"text": N_("Logging in")},
        "connected": {"text": N_("Connected")},
        "reconnecting": {"text": N_("Reconnecting")},
        "failed": {"text": N_("Failed")},
    },
    "message": {
        "scheduled": {"text": N_("Scheduled"), "icon": "clock"},
        "queued": {"text": N_("Queued"), "icon": "clock"},
        "sending": {"text": N_("Sending"), "icon": "clock"},
        "sent": {"text": N_("Sent"), "icon": "tick-sent"},
        "delivered": {"text": N_("Delivered"), "icon": "tick-delivered"},
        "read": {"text": N_("Read"), "icon": "tick-delivered"},
        "failed": {"text": N_("Failed"), "icon": "circle-alert"},
        "cancelled": {"text": N_("Cancelled"), "icon": "ban"},
        "unknown": {"text": N_("Being checked"), "icon": "circle-help"},
        "received": {"text": N_("Received"), "icon": "arrow-down-left"},
    },
}
KINDS = {
    "image": ("image", N_("Photo")),
    "video": ("video", N_("Video")),
    "audio": ("music", N_("Audio")),
    "ptt": ("mic", N_("Voice message")),
    "sticker": ("sticker", N_("Sticker")),
    "document": ("file-text", N_("Document")),
}
"""Kind of a message that brings a file → (icon, word)."""
MEDIA_ERRORS = {
    "media_too_large": N_("It is larger than this server takes."),
    "media_gone": N_("WhatsApp does not have it any more."),
    "media_quota": N_("There is no room left for your files."),
    "session_not_connected": N_("The session was not connected."),
}


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        last_error=last_error, WORDS=WORDS, KINDS=KINDS, MEDIA_ERRORS=MEDIA_ERRORS, words_for_scripts=words_for_scripts
    )


def words_for_scripts() -> Words:
    return {
        kind: {status: {**word, "text": gettext(word["text"])} for status, word in of_kind.items()}
        for kind, of_kind in WORDS.items()
    }
