"""How other gateways for WhatsApp call what we call by another name, so that a refused field can name ours."""

from __future__ import annotations

from collections.abc import Container, Mapping

_OURS: Mapping[str, str] = {
    **dict.fromkeys(("chatid", "phone", "number", "recipient", "jid"), "to"),
    **dict.fromkeys(("text", "body", "content", "textmessage", "messagetext"), "message"),
    **dict.fromkeys(("name", "sessionid", "sessionname", "instance", "instancename"), "session"),
    **dict.fromkeys(("webhookurl", "webhook"), "url"),
    **dict.fromkeys(("hmac", "hmackey"), "secret"),
    "customheaders": "headers",
}
"""By their name in small letters, without dashes and underscores."""
_TO_LINK: Mapping[str, str] = dict.fromkeys(("number", "phonenumber"), "phone")
_FILES = frozenset(
    {"media", "mediaurl", "file", "fileurl", "image", "imageurl", "document", "video", "audio", "caption", "attachment"}
)
_SENT_BY = "message"
_LENGTH = 40


def hint(name: str, known: Container[str]) -> str:
    """What to write instead of the unknown field `name` where the fields `known` are taken; empty for what nobody can guess."""
    plain = name[:_LENGTH].casefold().replace("_", "").replace("-", "")
    for ours in (_OURS.get(plain, plain), _TO_LINK.get(plain)):
        if ours in known:
            return f"it is called {ours!r} here"
    if _SENT_BY not in known:
        return ""
    if plain == "idempotencykey":
        return "it is the header Idempotency-Key"
    return "wabot sends texts only" if plain in _FILES else ""
