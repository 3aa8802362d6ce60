"""`make soak`: a hundred cycles of linking and disconnecting, and a hundred more with kills. `python -m tests.soak [cycles] [seed]`."""

from __future__ import annotations

import os
import random
import secrets
import sys

from tests.support.stack import CHEAP_SCRYPT

os.environ["WABOT_TEST_SCRYPT"] = CHEAP_SCRYPT  # before wabot.lib.passwords is imported

from tests.support.api import Api
from tests.support.cycles import Cycles
from tests.support.owner import Owner
from tests.support.stack import Stack


def main(count: int = 100, seed: int | None = None) -> None:
    chosen = secrets.randbits(32) if seed is None else seed
    print(f"seed {chosen}", flush=True)
    stack = Stack()
    try:
        print(f"started in {stack.start():.1f} s", flush=True)
        owner = Owner(stack)
        with owner.family.looking():
            soak(owner, "undisturbed", "+15550500001", count, None)
            soak(owner, "with kills", "+15550500002", count, random.Random(chosen))
    finally:
        stack.stop()
    stack.remove()
    print("nothing is left")


def soak(owner: Owner, what: str, phone: str, count: int, dice: random.Random | None) -> None:
    cycles = Cycles(owner, Api(owner.stack, "soak").register(), phone)
    try:
        cycles.run(count, dice)
    finally:
        if cycles.figures.seconds:
            print(f"{what}: {cycles.figures}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
