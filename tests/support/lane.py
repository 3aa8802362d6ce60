"""One session's lane in this process, on a real database, before an engine that answers by a plan."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.allowance import Unlimited
from wabot.config import Settings
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.gateway import Gateway
from wabot.lib.loopback import LoopbackClient
from wabot.services import Services, build
from wabot.services import delivery as deliveries
from wabot.services.delivery import Delivery
from wabot.services.drafts import Draft
from wabot.services.publishing import Push
from wabot.store.connection import open_store
from wabot.store.ids import new_id
from wabot.store.records import Message

from .engine import PlannedEngine

PHONE = "+12025550123"


_seq = itertools.count(1)


def ack_event(session_id: str, wa_message_id: str, ack: str, seq: int) -> dict[str, Any]:
    data = {"wa_message_id": wa_message_id, "ack": ack, "at": to_rfc3339(now())}
    return {"id": f"life-{seq}", "seq": seq, "type": "message.ack", "session_id": session_id, "epoch": 1, "data": data}


class Recorder:
    """What the pages and the webhooks are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def watches(self, _user_id: str, /) -> bool:
        return True

    def publish(self, pushes: Sequence[Push]) -> None:
        self.told += [(one.data["id"], one.data["status"]) for one in pushes if one.event == "message"]


@dataclass
class Lane:
    house: Services
    delivery: Delivery
    engine: PlannedEngine
    recorder: Recorder
    user_id: str
    session_id: str
    since: datetime = field(default_factory=now)
    """When it was connected."""

    def send(self, *texts: str) -> list[str]:
        self.see()
        made = [self.house.messages.accept(self.user_id, Draft(PHONE, text), "corr", Unlimited()) for text in texts]
        return [message.id for message, _ in made]

    def see(self) -> None:
        """The session is connected, and stays so for the whole test."""
        seen = {"status": "connected", "observed_at": now() + timedelta(hours=1), "since": self.since}
        self.house.store.sessions.change(self.session_id, 1, seen)

    def run(self) -> datetime | None:
        self.see()
        return self.delivery.run_lane(self.session_id)

    def message(self, message_id: str) -> Message:
        found = self.house.store.messages.get(message_id)
        assert found
        return found

    def steps(self, message_id: str) -> list[tuple[str, str | None]]:
        return [(one["status"], one.get("detail")) for one in self.message(message_id).timeline]

    def queue(self) -> list[str]:
        """What is still to be served: not what only waits for its ack."""
        claim = self.house.claims._held.get(self.session_id)
        return [one for one in self.house.store.outbox.queue(self.session_id) if not (claim and claim.is_passed_over(one))]

    def acknowledge(self, *message_ids: str) -> None:
        """WhatsApp has them."""
        messages = [self.message(one) for one in message_ids]
        self.house.ingest.apply([ack_event(self.session_id, str(one.wa_message_id), "sent", next(_seq)) for one in messages])

    def wake(self) -> None:
        """Its rest is over."""
        claim = self.house.claims.hold(self.session_id)
        assert claim
        claim.rest_until = None


@pytest.fixture
def lane(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    """Its turn ends when nothing is left to be done, however slow the machine is."""
    monkeypatch.setattr(deliveries, "SLICE_SECONDS", 60.0)
    recorder, engine = Recorder(), PlannedEngine()
    house = build(settings, open_store(settings.database_uri), recorder)
    house.store.ensure_indexes()
    user_id = new_id()
    session = house.store.sessions.add(
        {
            "user_id": user_id, "name": "default", "engine": "webjs", "network": "sandbox", "epoch": 1, "created_at": now(),
            "desired": "on", "linked": True, "phone": "+12025550999",
        }
    )  # fmt: skip
    delivery = replace(house.delivery, gateway=Gateway(LoopbackClient(engine.url, "secret")))
    yield Lane(house, delivery, engine, recorder, user_id, session.id)
    engine.close()
    house.close()
