"""Which number is meant by what somebody wrote."""

from __future__ import annotations

from ..errors import InvalidNumber
from ..lib import phones
from ..store import Store


def meant(store: Store, user_id: str, session: str, typed: str) -> str:
    """`typed` as E.164. WhatsApp may know people by numbers that a country has given up since (Benin's of eight digits): one
    that the session has a chat with can be written to all the same.

    Raises InvalidNumber.
    """
    try:
        return phones.to_e164(typed)
    except InvalidNumber:
        number, found = phones.digits_alone(typed), store.sessions.named(user_id, session)
        if number and found and store.chats.by_phone(found.id, number):
            return number
        raise
