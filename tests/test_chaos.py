"""0 lost, 0 doubled, in order, none unfinished, with every program killed every few seconds (`make chaos` is the long run)."""

from __future__ import annotations

from collections.abc import Callable

from tests import chaos
from tests.support.stack import Stack

MESSAGES = 300
KILLS = 12
SEED = 20260101


def test_300_messages_while_everything_is_killed(stacks: Callable[..., Stack]) -> None:
    stack = stacks()
    stack.start()
    outcome = chaos.run(stack, MESSAGES, seed=SEED, steps=KILLS, every=(0.5, 1.5))
    assert outcome.good, str(outcome)
    assert set(outcome.kills) == set(chaos.VICTIMS), str(outcome)
