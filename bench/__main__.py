"""`make bench`: runs every benchmark against a wabot of its own, prints a table, and the same as JSON on the last line.

`python -m bench sending accept` runs only those named.
"""

from __future__ import annotations

import json
import sys

from tests.support import limits
from tests.support.stack import Stack

from . import accept, engines, idle, login, pages, sending, webhooks, weights
from .figures import Figure

BENCHMARKS = {one.__name__.rpartition(".")[2]: one for one in (accept, sending, idle, webhooks, login, weights, engines, pages)}


def main() -> None:
    chosen = [BENCHMARKS[name] for name in sys.argv[1:] or BENCHMARKS]
    stack = Stack(WABOT_SANDBOX="1", WABOT_WEBHOOK_ALLOW="127.0.0.1")
    print("starting a wabot for the benchmarks …", file=sys.stderr)
    stack.start()
    limits.lift(stack)
    figures: list[Figure] = []
    try:
        for benchmark in chosen:
            print(f"{benchmark.__name__} …", file=sys.stderr)
            figures += benchmark.run(stack)
    finally:
        stack.stop()
        stack.remove()
    width = max(len(one.name) for one in figures)
    for one in figures:
        print(f"{one.name:<{width}}  {one.value:>10.2f} {one.unit}")
    print(json.dumps({one.name: {"value": round(one.value, 3), "unit": one.unit} for one in figures}))


if __name__ == "__main__":
    main()
