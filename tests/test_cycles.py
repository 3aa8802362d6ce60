"""Linking and disconnecting again and again: nothing is left between, and no QR comes twice."""

from __future__ import annotations

import random
import secrets

from tests.support.api import Api
from tests.support.cycles import Cycles
from tests.support.owner import Owner


def test_ten_cycles_leave_nothing_between_them(unharmed: Owner) -> None:
    user = Api(unharmed.stack, "cyclist").register()
    cycles = Cycles(unharmed, user, "+15550500001")
    cycles.run(10)
    print(f"\n{cycles.figures}")
    assert cycles.figures.left_linked == 0


def test_cycles_with_kills_at_random_moments(unharmed: Owner) -> None:
    seed = secrets.randbits(32)
    print(f"\nseed {seed}")
    user = Api(unharmed.stack, "unlucky").register()
    cycles = Cycles(unharmed, user, "+15550500002")
    cycles.run(4, random.Random(seed))
    print(cycles.figures)
