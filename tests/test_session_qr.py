"""A QR code that nobody scans, and one whose browser is gone: neither is shown for longer than it can be used."""

from __future__ import annotations

import time

from tests.support.api import Api
from tests.support.owner import Owner, faults
from tests.support.waiting import wait_until
from tests.support.watch import Watch

NOTICED_WITHIN = 3.0
HEALED_WITHIN = 20.0


def test_a_code_goes_with_its_gateway_and_the_next_one_works(unharmed: Owner, newcomer: Api) -> None:
    phone = "+15550600001"
    unharmed.stack.sandbox("PUT", f"/phones/{phone}", name="Scanner")
    newcomer.initialize(network="sandbox")
    newcomer.wait_for_status("qr")
    dead = newcomer.qr()["qr"]
    with Watch(newcomer) as watch:
        mark = time.monotonic()
        unharmed.stack.kill("gateway")
        left, _ = watch.leaves("default", "qr", mark, NOTICED_WITHIN)
        assert left.status == "starting"  # and why, unless the gateway is back so soon
        assert left.code in ("gateway_away", None)
        newcomer.wait_for_status("qr", timeout=HEALED_WITHIN)
        print(f"\ngateway killed while a code is shown: {watch.story(mark, 'default')}")
    assert newcomer.qr()["qr"] != dead
    newcomer.scan(phone)
    newcomer.wait_for_status("connected")


def test_a_qr_left_unscanned_goes_to_sleep_and_says_so(unharmed: Owner, newcomer: Api) -> None:
    with faults(unharmed.stack, expire_qr_ms=500):
        newcomer.initialize(network="sandbox")
        seen = {newcomer.wait_for_status("qr") and newcomer.qr()["qr"]}
        slept = newcomer.wait_for_status("disconnected", timeout=HEALED_WITHIN)
    assert slept["reason"]["code"] == "qr_not_scanned"
    assert "Start it first, with POST /api/whatsapp/initialize" in newcomer.get("/api/whatsapp/qr").json()["detail"]
    assert slept["reason"]["text"]
    wait_until(lambda: not unharmed.family.browsers(unharmed.id_of(newcomer)), 3, "its browser is freed")
    newcomer.initialize()
    newcomer.wait_for_status("qr")
    assert newcomer.qr()["qr"] not in seen
