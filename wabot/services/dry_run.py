"""A dry run: what sending a message would check and wait for, and whether its number is on WhatsApp. Nothing is stored or sent."""

from __future__ import annotations

from dataclasses import dataclass

from ..lib.gateway import Gateway
from ..store.records import Message
from .allowance import Allowance
from .drafts import Draft
from .messages import Messages
from .pacing import Wait


@dataclass(frozen=True)
class Outlook:
    """`message` as it would be accepted, and what it would wait for now."""

    message: Message
    on_whatsapp: bool
    wait: Wait | None


@dataclass(frozen=True)
class DryRun:
    messages: Messages
    gateway: Gateway

    def run(self, user_id: str, draft: Draft, correlation_id: str, allowance: Allowance) -> Outlook:
        """It counts as a message in the limits: WhatsApp takes who asks about many numbers for a spammer, too.

        Raises what `Messages.accept` does, also while the session is reconnecting, and GatewayUnavailable.
        """
        message = self.messages.rehearse(user_id, draft, correlation_id, allowance)
        exists = self.gateway.exists(message.session_id, message.to or "", correlation_id)
        wait = self.messages.waits_for(message)
        return Outlook(message, exists, None if wait and wait.code == "next" else wait)
