"""What a benchmark gives, and how callers in parallel are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Timing:
    """`rate` calls a second over all callers; `p50` and `p99` of a single call in milliseconds."""

    rate: float
    p50: float
    p99: float


def timed(call: Callable[[int], object], *, calls: int, callers: int) -> Timing:
    def one(number: int) -> float:
        started = time.perf_counter()
        call(number)
        return (time.perf_counter() - started) * 1000

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(call, range(calls, calls + callers)))  # connections are opened before the clock starts
        started = time.perf_counter()
        took = sorted(pool.map(one, range(calls)))
        total = time.perf_counter() - started
    return Timing(calls / total, statistics.median(took), took[int(len(took) * 0.99)])
