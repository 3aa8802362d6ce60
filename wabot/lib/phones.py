"""Phone numbers as people type them, to E.164 (`+12025550123`), by Google's libphonenumber rules."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers

from ..errors import InvalidNumber
from ..words import N_, Text

_IGNORED = re.compile(r"[\s\-().\u2010-\u2015\u00a0\u202a-\u202e\u2060\u200e\u200f]")
_MAX_TYPED = 64
_LOOKED_AT = 200
"""Characters of what is refused, to say why."""
_PART = re.compile(r"\+?([0-9]+)(@lid|@c\.us|@s\.whatsapp\.net)?", re.ASCII)
_E164 = re.compile(r"\+[1-9][0-9]{5,14}", re.ASCII)
"""E.164 has fifteen digits at most; libphonenumber's lengths alone let through what is a number nowhere (`+49123`), or longer."""
_NO_NUMBER = N_("is not a phone number: write it in the international form, such as +1 202 555 0123")
_DIVIDED = re.compile(r"[0-9][^0-9]*[,;|\n][^0-9]*[0-9]", re.ASCII)
_SEVERAL = N_("takes one number: send a request for each")
_PERSON = N_("is a WhatsApp address: write only the number, without the @ and what follows it")
_MANY = N_("is not a person: wabot doesn't write to groups and channels")
_ADDRESSES = {
    **dict.fromkeys(("c.us", "s.whatsapp.net"), _PERSON),
    **dict.fromkeys(("g.us", "newsletter", "broadcast"), _MANY),
    "lid": N_("is a LID: write the person's phone number instead"),
}
"""Why, by what follows the @."""
_MEXICO = re.compile(r"521[1-9][0-9]{9}", re.ASCII)
"""Mobile numbers as WhatsApp writes many of them: libphonenumber doesn't know their 1 any more."""
_SANDBOX_EXCHANGES = ("50", "51", "52", "53", "54", "55", "56", "57", "58", "59")


def to_e164(typed: str, field: str = "to") -> str:
    """An international number with or without `+` or `00`; spaces, dashes and brackets don't matter.

    Raises InvalidNumber, naming `field`, when it is not a possible number.
    """
    number = _possible(typed) if len(typed) <= _MAX_TYPED else None
    if number is None:
        raise invalid(field, typed)
    return number


@lru_cache(4096)
def _possible(typed: str) -> str | None:
    digits = _IGNORED.sub("", typed)
    if digits.startswith("00"):
        digits = digits[2:]
    if not re.fullmatch(r"\+?[0-9]{5,20}", digits, flags=re.ASCII):
        return None
    if _MEXICO.fullmatch(digits.lstrip("+")):
        return f"+{digits.lstrip('+')}"
    try:
        number = phonenumbers.parse("+" + digits.lstrip("+"), None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164 if _E164.fullmatch(e164) else None


def digits_alone(typed: str) -> str | None:
    """As `to_e164` reads it, whether there can be such a number or not; None where it isn't even the shape of one."""
    digits = _IGNORED.sub("", typed[:_MAX_TYPED]).removeprefix("00").lstrip("+")
    return f"+{digits}" if _E164.fullmatch(f"+{digits}") else None


def digits_of(typed: str) -> str:
    """Of what can be a number, a part of one or WhatsApp's own address; empty for any other text, of which digits may be a part, too."""
    found = _PART.fullmatch(_IGNORED.sub("", typed))
    return found[1] if found else ""


def for_people(e164: str) -> str:
    """`+1 202-555-0123`; what can't be parsed is given back as it is."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def invalid(field: str, typed: str = "") -> InvalidNumber:
    """To be raised; names `field`."""
    why = why_not(typed)
    return InvalidNumber(Text("%(field)s %(why)s", field=field, why=why), fields={field: why})


def why_not(typed: str) -> Text:
    """Why this is no number; of common mistakes what to write instead."""
    typed = typed.strip()[:_LOOKED_AT]
    if _DIVIDED.search(typed):
        return Text(_SEVERAL)
    return Text(_ADDRESSES.get(typed.rpartition("@")[2], _NO_NUMBER) if "@" in typed else _NO_NUMBER)


def sandbox_numbers(count: int = 20) -> Iterator[str]:
    """Numbers at random that exist in the sandbox only."""
    for _ in range(count):
        yield f"+12025{secrets.choice(_SANDBOX_EXCHANGES)}{secrets.randbelow(10_000):04}"
