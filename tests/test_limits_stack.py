"""The limits over the whole product, with one web process and its memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support import limits
from tests.support.api import Api


@pytest.fixture
def limited(admin: Api) -> Iterator[Api]:
    yield admin
    limits.change(admin, enabled=False, send_per_minute=limits.PLENTY)


def test_of_sixty_parallel_sends_twenty_five_pass(limited: Api, new_user: Callable[[str], Api]) -> None:
    user = new_user("sixty")
    user.link("+15550800001")

    def send(number: int) -> requests.Response:
        return user.post("/api/messages/send", {"to": "+12025570101", "message": f"number {number}"})

    def sixty() -> list[requests.Response]:
        with ThreadPoolExecutor(60) as pool:
            return list(pool.map(send, range(60)))

    limits.change(limited, enabled=True, send_per_minute=25)
    answers = sixty()
    assert Counter(one.status_code for one in answers) == {202: 25, 429: 35}
    assert all(0 < int(one.headers["Retry-After"]) <= 60 for one in answers if one.status_code == 429)
    limits.change(limited, enabled=False)
    assert Counter(one.status_code for one in sixty()) == {202: 60}
    limits.change(limited, enabled=True)
    assert send(0).status_code == 429
    user.disconnect()
