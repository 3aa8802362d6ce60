"""The same in bad weather at WhatsApp: 0 lost, 0 doubled, in order, none unfinished."""

from __future__ import annotations

from collections.abc import Callable

from tests import chaos
from tests.support.stack import Stack
from tests.weather import FAULTS

MESSAGES = 100
SEED = 20260101


def test_messages_through_every_weather(stacks: Callable[..., Stack]) -> None:
    """Ticks late and lost, sockets dropped, a page that hangs, every WhatsApp Web, and kills besides."""
    stack = stacks(**chaos.QUICK)
    stack.start()
    outcome = chaos.run(stack, MESSAGES, seed=SEED, steps=len(FAULTS) + 1, every=(10.0, 15.0), weather=True)
    assert outcome.good, str(outcome)
    assert len(outcome.weather) == len(FAULTS), str(outcome)
