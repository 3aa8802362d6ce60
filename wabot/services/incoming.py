"""Messages that WhatsApp told us of: stored once, put into their chats, and told on. Everything here may be repeated."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import REFUSED, Store, ids
from ..store.records import Message, Session
from .acks import Acked, Acks
from .chat_book import Address, ChatBook
from .hearing import Hearing
from .letters import Letter, record_of
from .media import Media
from .message_machine import ACK_TO_STATUS
from .publishing import Publisher, pushes_of_chat, pushes_of_message
from .tally import Tally

log = get_logger(__name__)

_Told = tuple[Letter, Message]


@dataclass(frozen=True)
class Incoming:
    store: Store
    publisher: Publisher
    tally: Tally
    acks: Acks
    hearing: Hearing
    book: ChatBook
    media: Media

    def take(self, session_id: str, letters: list[Letter]) -> None:
        """Store a batch of one session, in its order. One that can't be stored is named in the log and holds nothing up."""
        session = self.store.sessions.get(session_id)
        if session is None:
            return
        mark = self.hearing.mark_new(session.user_id)
        told = [(one, replace(record_of(one, session), **mark)) for one in letters if one.chat.phone or one.chat.lid]
        try:
            self._take(session, told)
        except REFUSED:
            for one in told:
                self._take_alone(session, one)

    def _take_alone(self, session: Session, told: _Told) -> None:
        try:
            self._take(session, [told])
        except REFUSED as error:
            log.error("message_refused", event_id=told[0].event_id, error=type(error).__name__)

    def _take(self, session: Session, told: list[_Told]) -> None:
        new = self.store.messages.add_many([message for _, message in told]) if told else set()
        mine = [one for one in told if one[1].id in new]
        mine += self._finished_now(session, [one for one in told if one[1].id not in new])
        mine.sort(key=lambda one: (one[0].seq, one[1].id))
        self.media.want([message for _, message in mine if message.media])
        self._into_chats(session, mine)
        for _, message in mine:
            if message.direction == "in" and message.id in new:
                self.tally.count(session.user_id, "received")
            self.publisher.publish(pushes_of_message(message))
        if mine:
            self.hearing.marked({"untold": mine[0][1].untold} if mine[0][1].untold else {})

    def _finished_now(self, session: Session, known: list[_Told]) -> list[_Told]:
        """Of those that are stored already, the ones whose event was only half applied before. The others bring a tick at most."""
        if not known:
            return []
        stored = self.store.messages.by_wa_ids(session.id, [message.wa_message_id or "" for _, message in known])
        unfinished = []
        for letter, message in known:
            before = stored.get(letter.wa_message_id)
            if before is None:  # its id alone is taken, by a message that another gateway told of
                other = replace(message, id=ids.new_id())
                unfinished += [(letter, other)] if self.store.messages.add(other) else []
            elif before.event_id == letter.event_id:
                unfinished.append((letter, before))
            elif message.direction == "out" and letter.ack in ACK_TO_STATUS:
                tick = (ACK_TO_STATUS[letter.ack], now())
                self.acks.apply([Acked(session.id, letter.wa_message_id, "", [tick])])
        return unfinished

    def _into_chats(self, session: Session, told: list[_Told]) -> None:
        chats: dict[Address, list[_Told]] = defaultdict(list)
        for letter, message in told:
            chats[Address(letter.chat.phone, letter.chat.lid)].append((letter, message))
        for address, those in chats.items():
            names = [one.contact_name or one.push_name for one, _ in those]
            name = next(filter(None, reversed(names)), None)
            chat = self.book.note(session, address, [message for _, message in those], name)
            self.publisher.publish(pushes_of_chat(chat))
