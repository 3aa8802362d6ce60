"""How long messages take, as a histogram in the day's counters: percentiles without looking at a single message.

A duration falls into the first bucket whose upper bound it doesn't exceed. A percentile is read off by going linearly
through its bucket, so it is an estimate: never off by more than the bucket is wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

QUEUED_SENT = "queued_sent"
"""From acceptance, or the time a message was scheduled for, to WhatsApp's first tick; pacing and waiting included."""
SENT_DELIVERED = "sent_delivered"
"""From WhatsApp's first tick to the phone's."""
BOUNDS_MS = (
    50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
    21_600_000, 86_400_000,
)  # fmt: skip
"""Upper bounds of the buckets; what takes longer than a day counts as a day."""


def counter(what: str, duration: timedelta) -> str:
    """The counter's name, such as `queued_sent_le_500`."""
    taken = max(0.0, duration.total_seconds() * 1000)
    bound = next((one for one in BOUNDS_MS if taken <= one), BOUNDS_MS[-1])
    return f"{what}_le_{bound}"


def count(counters: Mapping[str, int], what: str) -> int:
    return sum(_buckets(counters, what))


def percentile(counters: Mapping[str, int], what: str, share: float) -> int | None:
    """Milliseconds within which that `share` (0 to 1) of the messages were through; None when there were none."""
    buckets = _buckets(counters, what)
    wanted = share * sum(buckets)
    if not wanted:
        return None
    for (lower, upper), inside in zip(pairwise((0, *BOUNDS_MS)), buckets, strict=True):
        if inside >= wanted:
            return round(lower + (upper - lower) * wanted / inside)
        wanted -= inside
    return BOUNDS_MS[-1]


def _buckets(counters: Mapping[str, int], what: str) -> list[int]:
    return [counters.get(f"{what}_le_{bound}", 0) for bound in BOUNDS_MS]
