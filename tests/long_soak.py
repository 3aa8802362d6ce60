"""Very many messages over one session: each confirmed, none slower in the end, and nothing that runs it has grown.

`python -m tests.long_soak 100000 baileys` (`make soak MESSAGES=100000 ENGINE=baileys`).
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import Any

import requests

from tests.support.stack import Stack
from tests.support.waiting import wait_until
from wabot.lib.clock import now, to_rfc3339

ME = "+15550800001"
PHONES = [f"+1202558{number:04}" for number in range(5000, 5020)]
BATCH = 25
LOOKS = 20
GROWTH_MB = 25
"""From the first fifth on: caches are full by then, and a collector takes its time."""


def main(messages: int = 100_000, engine: str = "baileys") -> None:
    stack = Stack()
    stack.start()
    stack.supervisorctl("stop", "worker")  # the session is nobody's: it would be ended
    try:
        _link(stack, engine)
        weights = _send(stack, messages)
        steady = weights[len(weights) // 5 :]
        print(f"memory from {steady[0]:.0f} to {steady[-1]:.0f} MB, at most {max(weights):.0f} MB")
        assert steady[-1] - steady[0] < GROWTH_MB, weights
    finally:
        stack.kill_all()
    stack.remove()


def _call(stack: Stack, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    secret = (stack.data / "secrets" / "gateway_secret").read_text().strip()
    headers = {"Authorization": f"Bearer {secret}"}
    answer = requests.request(method, stack.gateway_url + path, json=body, headers=headers, timeout=90)
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _link(stack: Stack, engine: str) -> None:
    stack.sandbox("PUT", f"/phones/{ME}", name="Soak")
    order = {"engine": engine, "network": "sandbox", "method": "qr", "phone": None, "epoch": 1}
    _call(stack, "PUT", "/sessions/soak", order)
    found = wait_until(lambda: _call(stack, "GET", "/sessions/soak").get("qr"), 60, "a QR")
    stack.sandbox("POST", f"/phones/{ME}/scan", qr=found)
    wait_until(lambda: _call(stack, "GET", "/sessions/soak")["status"] == "connected", 60, "connected")


def _send(stack: Stack, messages: int) -> list[float]:
    """MB of the session's host, now and then."""
    weights = []
    started = time.monotonic()
    for first in range(0, messages, BATCH):
        claim = {"epoch": 1, "until": to_rfc3339(now() + timedelta(minutes=2))}
        batch = [_message(number) for number in range(first, min(first + BATCH, messages))]
        answer = _call(stack, "POST", "/sessions/soak/batches", {"epoch": 1, "claim": claim, "messages": batch})
        assert [one.get("wa_message_id") for one in answer["results"]] == [one["wa_message_id"] for one in batch], answer
        if first % max(BATCH, messages // LOOKS // BATCH * BATCH) == 0:
            weights.append(_weight(stack))
            print(f"{first + len(batch)} messages, {time.monotonic() - started:.0f} s, {weights[-1]:.0f} MB", flush=True)
    return weights


def _message(number: int) -> dict[str, str]:
    wa_message_id = f"3EB0{number:018X}"
    to = PHONES[number % len(PHONES)]
    return {"id": f"m{number}", "to": to, "body": f"message {number}", "wa_message_id": wa_message_id, "correlation_id": "soak"}


def _weight(stack: Stack) -> float:
    hosts = requests.get(f"{stack.gateway_url}/healthz", timeout=5).json()["hosts"]
    weights = [one["memory_mb"] or 0.0 for one in hosts if one["sessions"]]
    return float(sum(weights))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, sys.argv[2] if len(sys.argv) > 2 else "baileys")
