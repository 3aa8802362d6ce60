"""How easily a password is guessed, by zxcvbn, and the word that helps. No rules of composition.

Refused is what falls within ten thousand guesses: the most common passwords, their simple variations, the keyboard's rows, dates and
one's own address. A login is limited to a few tries a minute and each costs a scrypt, so that what is harder takes days from
one address and is noticed. zxcvbn's own "score 1" (up to a million guesses) would also refuse `Secret123!` and `hunter22`: people
would answer with a digit more, and nothing would be won.
"""

from __future__ import annotations

from collections.abc import Iterable

from zxcvbn import zxcvbn

from ..words import N_, Text

TOO_EASY = 10_000
"""Guesses."""
_LOOKED_AT = 32
"""Characters: the estimate takes 5 ms at 32, 25 ms at 72, and grows with the square. A longer password may be judged by its head and its
tail alone: easy is only what is easy in both."""
_KNOWN_OF_OWNER = 320
"""Characters of an address or a name; no real one is longer, and anybody may send any."""

_WHY = {
    "This is a top-10 common password.": N_("is among the ten most common passwords"),
    "This is a top-100 common password.": N_("is among the hundred most common passwords"),
    "This is a very common password.": N_("is a very common password"),
    "This is similar to a commonly used password.": N_("is nearly a very common password"),
    "A word by itself is easy to guess.": N_("is a single word, and those are guessed first"),
    "Names and surnames by themselves are easy to guess.": N_("is a name, and those are guessed first"),
    "Common names and surnames are easy to guess.": N_("is a name, and those are guessed first"),
    "Straight rows of keys are easy to guess.": N_("is a row of keys"),
    "Short keyboard patterns are easy to guess.": N_("is a short pattern on the keyboard"),
    'Repeats like "aaa" are easy to guess.': N_("is a repetition"),
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': N_("is a repetition"),
    "Sequences like abc or 6543 are easy to guess.": N_("is a sequence such as abc or 6543"),
    "Recent years are easy to guess.": N_("is a year"),
    "Dates are often easy to guess.": N_("is a date"),
}
_ADVICE = N_("Use a few words in a row instead, such as four that come to mind")


def weakness(password: str, about_its_owner: Iterable[str] = ()) -> str | None:
    """Why the password is too easy, as the rest of a sentence, and what would help; None when it will do."""
    known = [text[:_KNOWN_OF_OWNER] for text in about_its_owner]
    owners = [part for text in known for part in (text, text.replace(" ", ""), *text.replace("@", " ").split())]
    if any(password.casefold() in one.casefold() for one in owners):
        return Text("%(why)s. %(advice)s", why=Text("is part of your address or name"), advice=Text(_ADVICE))
    inputs = [one[:_LOOKED_AT] for one in owners]
    ends = {password[:_LOOKED_AT], password[-_LOOKED_AT:]}
    judged = [zxcvbn(end, user_inputs=inputs) for end in sorted(ends)]
    if any(one["guesses"] >= TOO_EASY for one in judged):
        return None
    why = _WHY.get(str(judged[0]["feedback"]["warning"]), N_("is too easy to guess"))
    return Text("%(why)s. %(advice)s", why=Text(why), advice=Text(_ADVICE))
