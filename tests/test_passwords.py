"""What comparing a password costs: the same for an account that isn't there, from the very first time on."""

from __future__ import annotations

import os
import subprocess
import sys

MEASURE = """
import time
from wabot.lib.passwords import hash_password, verify_password

def cost(stored):
    began = time.thread_time()
    assert not verify_password(stored, "a quite wrong one")
    return time.thread_time() - began

stored = hash_password("a quite right one")
print(cost(None) / cost(stored))
"""


def test_nobody_costs_what_somebody_costs_in_a_process_that_has_just_started() -> None:
    environ = {name: value for name, value in os.environ.items() if name != "WABOT_TEST_SCRYPT"}
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert 0.5 < float(measured.stdout) < 1.5
