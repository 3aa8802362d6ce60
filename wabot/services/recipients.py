"""One text to several people: each gets a message of its own, accepted like every other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..errors import Invalid, WabotError
from ..lib import phones
from ..lib.phone_lists import PhoneList, read
from ..store.records import Message
from ..words import Text
from .allowance import Allowance
from .drafts import Draft
from .messages import Messages

MOST = 100
"""Numbers that may be written to at once."""
_NAMED = 5
"""So many of those that are none are named in the refusal."""


@dataclass(frozen=True)
class Sent:
    """`left` are the numbers that got no message, for the reason in `error`."""

    messages: list[Message]
    left: list[str]
    error: WabotError | None = None


def checked(text: str) -> PhoneList:
    """The numbers in `text`. Raises Invalid, which names what isn't a number: nothing is sent before that is corrected or taken out."""
    found = read(text)
    if not found.numbers and not found.refused:
        raise Invalid.field("to", "is empty")
    if len(found.numbers) > MOST:
        raise Invalid.field(
            "to", Text("has %(count)s numbers: at most %(most)s at once are allowed", count=len(found.numbers), most=MOST)
        )
    if found.refused:
        raise Invalid.field("to", _refusal(found), code="invalid_number")
    return found


def send_to_each(
    service: Messages,
    user_id: str,
    draft: Draft,
    numbers: list[str],
    correlation_id: str,
    allowance: Callable[[], Allowance],
) -> Sent:
    """In their order, as far as the limits let it. With an idempotency key each number has one made of it, so that the same
    form sent twice sends nothing twice."""
    sent: list[Message] = []
    for at, number in enumerate(numbers):
        key = draft.idempotency_key
        own = replace(draft, to=number, idempotency_key=f"{key}:{number}" if key else None)
        try:
            sent.append(service.accept(user_id, own, correlation_id, allowance())[0])
        except WabotError as error:
            return Sent(sent, numbers[at:], error)
    return Sent(sent, [])


def _refusal(found: PhoneList) -> Text:
    named = ", ".join(f"“{one[:40]}”" for one in found.refused[:_NAMED])
    if len(found.refused) > _NAMED:
        return Text(
            "%(named)s and %(more)s more are no phone numbers: write them like +1 202 555 0123, or take them out",
            named=named,
            more=len(found.refused) - _NAMED,
        )
    if len(found.refused) > 1:
        return Text("%(named)s are no phone numbers: write them like +1 202 555 0123, or take them out", named=named)
    return Text("%(named)s %(why)s", named=named, why=phones.why_not(found.refused[0]))
