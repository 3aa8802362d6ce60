"""The inbox: chats with their last message and what is unread, their messages, answering, and marking as read.

What we send ourselves is put into its chats when somebody looks, not when it is accepted: sending pays nothing for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ..errors import Conflict, NotFound
from ..lib import phones
from ..lib.clock import now
from ..store import Store
from ..store.messages import MessageFilter
from ..store.records import Chat, Message, Page
from .allowance import Allowance
from .chat_book import Address, ChatBook
from .drafts import Draft
from .messages import Messages
from .publishing import Publisher, pushes_of_chat
from .seen import SeenTeller

_OWN_AT_ONCE = 500
_OVERLAP = timedelta(seconds=10)
"""A message accepted in another process may be stored a moment after a newer one."""
_FIRST_LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Answer:
    """What is to be written into a chat."""

    text: str
    idempotency_key: str | None
    correlation_id: str


@dataclass(frozen=True)
class ChatView:
    """A chat and its newest message, None when all of them are gone."""

    chat: Chat
    last: Message | None


@dataclass(frozen=True)
class Inbox:
    store: Store
    publisher: Publisher
    book: ChatBook
    messages: Messages
    seen: SeenTeller

    def page(
        self,
        user_id: str,
        *,
        session: str | None = None,
        text: str | None = None,
        unread: bool = False,
        limit: int,
        cursor: str | None = None,
    ) -> Page:
        """Pages of ChatView, the chat with the newest message first."""
        self._take_in_own(user_id)
        wanted = _wanted(text)
        page = self.store.chats.page(user_id, session=session, unread=unread, wanted=wanted, limit=limit, cursor=cursor)
        return Page(self._with_last(page.items), page.next_cursor)

    def chat(self, user_id: str, chat_id: str) -> ChatView:
        """Raises NotFound; the id of a chat that was merged leads to the one it is in now."""
        found = self.store.chats.of_user(user_id, chat_id)
        if found is None:
            raise NotFound("There is no such chat.")
        return self._with_last([found])[0]

    def conversation(self, user_id: str, chat_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """Messages of both directions, newest first. Raises NotFound."""
        return self.store.messages.of_chat(self.chat(user_id, chat_id).chat, limit=limit, cursor=cursor)

    def unread(self, user_id: str) -> int:
        return self.store.chats.unread_of(user_id)

    def mark_read(self, user_id: str, chat_id: str) -> ChatView:
        """Here at once; in WhatsApp too when the engine can, later and without anybody waiting for it. Raises NotFound."""
        view = self.chat(user_id, chat_id)
        if view.chat.unread == 0:
            return view
        chat = self.book.mark_read(view.chat)
        self.seen.tell(chat)
        self.publisher.publish(pushes_of_chat(chat))
        return ChatView(chat, view.last)

    def reply(self, user_id: str, chat_id: str, answer: Answer, allowance: Allowance) -> Message:
        """Raises as `Messages.accept` does, and Conflict `number_unknown` where WhatsApp tells only a LID."""
        chat = self.chat(user_id, chat_id).chat
        if chat.phone is None:
            raise Conflict(
                "WhatsApp has not revealed this person's number yet, so nothing can be sent to it. Answer on your phone.",
                code="number_unknown",
            )
        draft = Draft(chat.phone, answer.text, chat.session, answer.idempotency_key)
        message, _ = self.messages.accept(user_id, draft, answer.correlation_id, allowance)
        session = self.store.sessions.get(chat.session_id)
        if session:
            self.book.note(session, Address(chat.phone, None), [message])
        self.mark_read(user_id, chat_id)
        return message

    def _with_last(self, chats: list[Chat]) -> list[ChatView]:
        found = self.store.messages.get_many([one.last_id for one in chats if one.last_id])
        return [ChatView(one, found.get(one.last_id or "") or self._newest(one)) for one in chats]

    def _newest(self, chat: Chat) -> Message | None:
        """Where the newest one gave way to its twin: WhatsApp told of it before we knew that it was ours."""
        return next(iter(self.store.messages.of_chat(chat, limit=1).items), None)

    def _take_in_own(self, user_id: str) -> None:
        """The user's own messages since the last look, the newest of them at most, are in their chats."""
        mark = self.store.chats.mark_of(user_id)
        since = mark - _OVERLAP if mark else now() - _FIRST_LOOK_BACK
        sent: list[Message] = self.store.messages.page(user_id, MessageFilter(since=since), limit=_OWN_AT_ONCE).items
        if not sent or (mark and sent[0].created_at <= mark):
            return
        newest: dict[str, dict[str, Message]] = defaultdict(dict)
        for message in sent:
            if message.to:
                newest[message.session_id].setdefault(message.to, message)
        for session_id, by_phone in newest.items():
            self._note_own(session_id, by_phone)
        self.store.chats.set_mark(user_id, sent[0].created_at)

    def _note_own(self, session_id: str, by_phone: dict[str, Message]) -> None:
        session = self.store.sessions.get(session_id)
        known = self.store.chats.by_phones(session_id, list(by_phone))
        for phone, message in by_phone.items():
            is_in = phone in known and (known[phone].last_id or "") >= message.id
            if session and not is_in:
                self.book.note(session, Address(phone, None), [message])


def _wanted(text: str | None) -> Callable[[Chat], bool]:
    """By name, number as written in any way, or LID."""
    words = (text or "").casefold().strip()
    digits = phones.digits_of(words)

    def wanted(chat: Chat) -> bool:
        if not words or words in (chat.name or "").casefold():
            return True
        shown = f"{phones.for_people(chat.phone)} {chat.phone}" if chat.phone else ""
        return words in shown or (len(digits) > 2 and digits in f"{chat.phone} {chat.lid}")

    return wanted
