"""Login tokens: what was read once is remembered, but never beyond its time, and nothing forged is."""

from __future__ import annotations

import time

import pytest

from wabot.lib.tokens import InvalidToken, Tokens

SECRET = "s" * 40


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(lambda: SECRET)


def _token(tokens: Tokens, lives: int = 60) -> str:
    return tokens.make({"sub": "user", "jti": "login", "ver": 1, "exp": int(time.time()) + lives})


def test_what_was_remembered_expires(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    token = _token(tokens)
    assert tokens.claims(token) == tokens.claims(token)
    later = time.time() + 61
    monkeypatch.setattr("wabot.lib.tokens.time.time", lambda: later)
    with pytest.raises(InvalidToken):
        tokens.claims(token)


@pytest.mark.parametrize("lives", [-1, 60])
def test_neither_an_expired_nor_a_foreign_one_is_taken(tokens: Tokens, lives: int) -> None:
    token = _token(tokens if lives < 0 else Tokens(lambda: "t" * 40), lives)
    for _ in range(2):
        with pytest.raises(InvalidToken):
            tokens.claims(token)


def test_a_changed_one_is_not_taken_for_the_one_it_was(tokens: Tokens) -> None:
    token = _token(tokens)
    tokens.claims(token)
    head, body, signature = token.split(".")
    for forged in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body}x.{signature}", f"{head}.{body}."):
        with pytest.raises(InvalidToken):
            tokens.claims(forged)
