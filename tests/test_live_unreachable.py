"""The live network without a way to it: the status says so, and no browser is left behind."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.api import Api
from tests.support.processes import browsers_of
from tests.support.stack import Stack
from tests.support.waiting import wait_until

SAYS_SO_WITHIN = 30.0


def test_unreachable_whatsapp_is_said_and_leaves_no_browser(stacks: Callable[..., Stack]) -> None:
    # No name resolves: a machine with no way out, wherever this runs. Nothing of the live network is touched.
    stack = stacks(WABOT_DEFAULT_NETWORK="live", WA_CHROMIUM_ARGS="--host-resolver-rules='MAP * ~NOTFOUND'")
    stack.start()
    user = Api(stack, "grace").register()
    assert user.initialize()["network"] == "live"

    def says_so() -> bool:
        session = user.status()
        return session["status"] == "failed" and (session["reason"] or {}).get("code") == "whatsapp_unreachable"

    wait_until(says_so, SAYS_SO_WITHIN, "the status says that WhatsApp can't be reached")
    assert user.status()["reason"]["text"]
    assert user.get("/api/whatsapp/qr").json()["code"] == "qr_not_available"
    wait_until(lambda: not browsers_of(stack.data), 10, "no browser is left")
    assert user.disconnect()["status"] == "disconnected"
    wait_until(lambda: not browsers_of(stack.data), 10, "no browser is left")
