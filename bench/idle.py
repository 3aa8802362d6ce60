"""How long a lone message takes: from its acceptance to the engine, and to the phone.

Nothing else is to be done, and nobody asks wabot anything meanwhile, a client that waits for a status included. When it was
accepted says the message itself (`created_at`, before it is stored); when the gateway got it, to hand it over at once, says the
gateway's log; when it arrived, the virtual phone.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import poll, wait_until

from .figures import Figure

MESSAGES = 100
PHONE = "+12025500104"
_PAUSE_SECONDS = 0.1


def run(stack: Stack) -> list[Figure]:
    user = Api(stack, "idle").register()
    user.link("+15550900004")
    user.send(PHONE, "the first, which looks the number up", wait=20)
    before = len(_handed_over(stack))
    accepted = [_send(stack, user, number) for number in range(MESSAGES)]
    handed = _handed_over(stack)[before:]
    arrived = [_ms(one["at"]) for one in _inbox(stack)[1:]]
    user.disconnect()
    assert len(handed) == len(arrived) == MESSAGES, f"{len(handed)} handed over, {len(arrived)} arrived"
    return [
        *_figures("accept to hand-over", zip(accepted, handed, strict=True)),
        *_figures("accept to arrival at the phone", zip(accepted, arrived, strict=True)),
    ]


def _send(stack: Stack, user: Api, number: int) -> float:
    arrived_before = number + 1
    message = user.send(PHONE, f"message {number}")
    wait_until(lambda: len(_inbox(stack)) > arrived_before, 20, "it has arrived at the phone")
    user.wait_for_message(message["id"], "delivered")
    poll(_PAUSE_SECONDS)
    return _ms(message["created_at"])


def _inbox(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.sandbox("GET", f"/phones/{PHONE}/inbox")
    return found


def _handed_over(stack: Stack) -> list[float]:
    """When each batch came to the gateway, ms since 1970: a line is written when it was answered, and says how long that took."""
    lines = (json.loads(line) for line in (stack.data / "logs/gateway.log").read_text().splitlines() if "/batches" in line)
    return [_ms(one["time"]) - float(one["ms"]) for one in lines]


def _figures(what: str, times: Iterable[tuple[float, float]]) -> list[Figure]:
    took = sorted(after - before for before, after in times)
    name = f"a lone message: {what}"
    return [
        Figure(f"{name}, p50", statistics.median(took), "ms"),
        Figure(f"{name}, p99", took[int(len(took) * 0.99)], "ms"),
    ]


def _ms(at: Any) -> float:
    return datetime.fromisoformat(str(at)).timestamp() * 1000
