"""How easily a password is guessed, by zxcvbn, and the word that helps. No rules of composition.

Refused is what falls within ten thousand guesses: the most common passwords, their simple variations, the keyboard's rows, dates and
one's own address. A login is limited to a few tries a minute and each costs a scrypt, so that what is harder takes days from
one address and is noticed. zxcvbn's own "score 1" (up to a million guesses) would also refuse `Secret123!` and `hunter22`: people
would answer with a digit more, and nothing would be won.
"""

from __future__ import annotations

from collections.abc import Iterable

from zxcvbn import zxcvbn

TOO_EASY = 10_000
"""Guesses."""
_LOOKED_AT = 32
"""Characters: the estimate takes 5 ms at 32, 25 ms at 72, and grows with the square. A longer password may be judged by its head and its
tail alone: easy is only what is easy in both."""

_WHY = {
    "This is a top-10 common password.": "is among the ten most common passwords",
    "This is a top-100 common password.": "is among the hundred most common passwords",
    "This is a very common password.": "is a very common password",
    "This is similar to a commonly used password.": "is nearly a very common password",
    "A word by itself is easy to guess.": "is a single word, and those are guessed first",
    "Names and surnames by themselves are easy to guess.": "is a name, and those are guessed first",
    "Common names and surnames are easy to guess.": "is a name, and those are guessed first",
    "Straight rows of keys are easy to guess.": "is a row of keys",
    "Short keyboard patterns are easy to guess.": "is a short pattern on the keyboard",
    'Repeats like "aaa" are easy to guess.': "is a repetition",
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': "is a repetition",
    "Sequences like abc or 6543 are easy to guess.": "is a sequence such as abc or 6543",
    "Recent years are easy to guess.": "is a year",
    "Dates are often easy to guess.": "is a date",
}
_ADVICE = "Put a few words in a row instead, such as four that come to your mind"


def weakness(password: str, about_its_owner: Iterable[str] = ()) -> str | None:
    """Why the password is too easy, as the rest of a sentence, and what would help; None when it will do."""
    inputs = [
        part[:_LOOKED_AT] for text in about_its_owner for part in (text, text.replace(" ", ""), *text.replace("@", " ").split())
    ]
    ends = {password[:_LOOKED_AT], password[-_LOOKED_AT:]}
    judged = [zxcvbn(end, user_inputs=inputs) for end in sorted(ends)]
    if any(one["guesses"] >= TOO_EASY for one in judged):
        return None
    if password.casefold() in {one.casefold() for one in inputs}:
        return f"is part of your address or name. {_ADVICE}"
    return f"{_WHY.get(str(judged[0]['feedback']['warning']), 'is too easy to guess')}. {_ADVICE}"
