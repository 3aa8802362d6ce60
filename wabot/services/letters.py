"""What the gateway tells of a message that came in, or that was written on the phone: checked, and made a record of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from ..lib.clock import BEGINNING, now
from ..lib.texts import whole
from ..store import ids
from ..store.records import Message, Session
from .message_machine import ACK_TO_STATUS

_LARGEST = 2**53
_WITHIN_ITS_SECOND = timedelta(milliseconds=999)


def _whole(value: Any) -> Any:
    return whole(value) if isinstance(value, str) else value


def _size(value: Any) -> int | None:
    """None for a size that no file can have: that is no reason to leave the message out."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else None


Text = Annotated[str, BeforeValidator(_whole)]


class Party(BaseModel):
    """Two addresses of one person, of which WhatsApp may tell one."""

    phone: Annotated[str, Field(pattern=r"^\+[0-9]{5,20}$")] | None = None
    lid: Annotated[str, Field(pattern=r"^[0-9]{1,20}@lid$")] | None = None


class Attached(BaseModel):
    """A file as its sender says it is."""

    mimetype: Annotated[Text, Field(max_length=120)] | None = None
    filename: Annotated[Text, Field(max_length=240)] | None = None
    size: Annotated[int | None, BeforeValidator(_size)] = None


class Quoted(BaseModel):
    wa_message_id: Annotated[Text, Field(max_length=64)]
    body: Annotated[Text, Field(max_length=500)] = ""
    kind: Annotated[Text, Field(max_length=40)] = "text"
    from_me: bool | None = None


class Letter(BaseModel):
    """`data` of the event `message.received` (docs/internals.md), and of the event itself its id, place and time."""

    model_config = ConfigDict(extra="ignore")

    event_id: str
    seq: int = 0
    told_at: AwareDatetime | None = None
    correlation_id: str | None = None
    wa_message_id: Annotated[Text, Field(min_length=1, max_length=64)]
    chat: Party
    from_me: bool = False
    push_name: Annotated[Text, Field(max_length=200)] | None = None
    contact_name: Annotated[Text, Field(max_length=200)] | None = None
    body: Annotated[Text, Field(max_length=70_000)]
    kind: Annotated[Text, Field(max_length=40)] = "text"
    media: Attached | None = None
    quoted: Quoted | None = None
    ack: str | None = None
    at: AwareDatetime
    recovered: bool = False

    def second(self) -> datetime:
        """WhatsApp's own time of it, to the second: never in our future, nor before `BEGINNING`, where no list would find its id."""
        return max(min(self.at, now()), BEGINNING).replace(microsecond=0)

    def told_in_time(self) -> bool:
        """It was told within the second that WhatsApp says it is of, so that we know better when."""
        second = self.second()
        return not self.recovered and self.told_at is not None and second <= self.told_at <= second + _WITHIN_ITS_SECOND

    def created_at(self) -> datetime:
        return self.told_at if self.told_at and self.told_in_time() else self.second()


def record_of(letter: Letter, session: Session) -> Message:
    """Its id sorts by WhatsApp's time and then by the order of telling, and is the same however often it is told."""
    at = letter.created_at()
    phone = letter.chat.phone
    own = letter.from_me
    status = ACK_TO_STATUS.get(letter.ack or "", "sent") if own else "received"
    return Message(
        id=ids.told_id(at, letter.seq, f"{session.id}:{letter.wa_message_id}", in_time=letter.told_in_time()),
        user_id=session.user_id,
        session_id=session.id,
        session=session.name,
        network=session.network,
        direction="out" if own else "in",
        origin="phone" if own else "wabot",
        to=phone if own else session.phone,
        from_=session.phone if own else phone,
        peer=phone or letter.chat.lid,
        chat_lid=letter.chat.lid,
        message=letter.body,
        kind=letter.kind,
        status=status,
        created_at=at,
        updated_at=at,
        wa_message_id=letter.wa_message_id,
        correlation_id=letter.correlation_id or "",
        push_name=letter.push_name,
        media={"status": "pending", **letter.media.model_dump()} if letter.media else None,
        quoted=letter.quoted.model_dump() if letter.quoted else None,
        recovered=letter.recovered,
        event_id=letter.event_id,
        timeline=[{"status": status, "at": at}],
    )
