"""Texts that others have written."""

from __future__ import annotations


def whole(text: str) -> str:
    """A text cut in the middle of a surrogate pair is no text for the database."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
