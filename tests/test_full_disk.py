"""The disk is full: the embedded database gives up for good, says so, and comes back by itself when there is room again."""

from __future__ import annotations

import resource
import secrets
from collections.abc import Callable

import pytest

from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import wait_until

PHONE = "+12025550150"
OTHER = "+12025550151"
BACK_WITHIN = 30.0
MESSAGE = 60_000
"""Characters. Some hundred of them outgrow what the database has made room for in advance."""
TRIES = 1_000


@pytest.fixture(scope="module")
def linked(stacks: Callable[..., Stack]) -> Api:
    stack = stacks()
    stack.start()
    administrator = Api(stack, "root").login("admin@admin.com", "Admin@7501")
    assert administrator.put("/api/admin/settings", {"rate_limits": {"enabled": False}}).status_code == 200
    user = Api(stack, "frida").register()
    user.link(PHONE)
    return user


def send(user: Api, key: str, text: str) -> tuple[int, str]:
    """The status, and the message's id or the error's code."""
    answer = user.post("/api/messages/send", {"to": OTHER, "message": text}, headers={"Idempotency-Key": key})
    body = answer.json()
    return answer.status_code, body.get("code") or body["id"]


def test_a_database_that_gave_up_is_told_and_started_anew(linked: Api) -> None:
    stack = linked.stack
    before = stack.pid("db")
    resource.prlimit(before, resource.RLIMIT_FSIZE, (1, 1))  # no file of it can grow any more, as on a full disk

    text = secrets.token_hex(MESSAGE // 2)
    accepted, refused = [], None
    for number in range(TRIES):
        status, said = send(linked, f"full-{number}", f"{number} {text}")
        if status not in (200, 202):
            refused = (status, said)
            break
        accepted.append(said)
    assert refused == (503, "database_unavailable")

    wait_until(lambda: stack.pid("db") not in (0, before), BACK_WITHIN, "the database was started anew")
    wait_until(stack.ready, BACK_WITHIN, "ready again")
    for message in accepted[-3:]:
        linked.wait_for_message(message, "queued", "sending", "sent", "delivered")
    status, again = send(linked, f"full-{len(accepted)}", f"{len(accepted)} {text}")
    assert status in (200, 202)
    linked.wait_for_message(again, "sent", "delivered", "read")


def test_logs_that_cannot_be_written_take_nothing_along(linked: Api) -> None:
    """Neither those of the programs nor what supervisord has to say of that, in the file that its terminal is."""
    stack = linked.stack
    top = int((stack.data / "run" / "supervisord.pid").read_text())
    _, hard = resource.prlimit(top, resource.RLIMIT_FSIZE, (1, resource.prlimit(top, resource.RLIMIT_FSIZE)[1]))
    for number in range(3):
        _, message = send(linked, f"unlogged-{number}", "nobody notes this")
        linked.wait_for_message(message, "delivered", "read")
    assert stack.running and message not in stack.logs("worker")
    resource.prlimit(top, resource.RLIMIT_FSIZE, (hard, hard))
    _, message = send(linked, "logged", "this is noted again")
    wait_until(lambda: message in stack.logs("worker"), 20, "the log goes on")
