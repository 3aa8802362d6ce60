"""0 lost, 0 doubled, none unfinished, with every program killed every few seconds (`make chaos` is the long run)."""

from __future__ import annotations

from collections.abc import Callable

from tests import chaos
from tests.support.stack import Stack

MESSAGES = 300
SEED = 20260101


def test_300_messages_while_everything_is_killed(stacks: Callable[..., Stack]) -> None:
    stack = stacks()
    stack.start()
    outcome = chaos.run(stack, MESSAGES, seed=SEED, every=(1.0, 2.5))
    assert (outcome.lost, outcome.doubled, outcome.unfinished) == ([], [], []), str(outcome)
    assert outcome.kills.total() >= 3, str(outcome)
