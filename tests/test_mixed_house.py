"""Sessions of both engines in one house: a process that dies is noticed by those it ran, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable

from tests import mixed_house
from tests.support.stack import Stack


def test_only_those_notice_whose_process_died(stacks: Callable[..., Stack]) -> None:
    stack = stacks()
    stack.start()
    house = mixed_house.House(stack)
    house.move_in(heavy=1, light=3)
    mixed_house.check(house)
