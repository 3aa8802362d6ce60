"""WhatsApp misbehaves in every way the sandbox knows: the status shown is right, it heals or names what to do, no send is made up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.owner import Owner, faults, no_faults
from tests.support.stack import ROOT
from tests.support.tab import Tab, cookie_of
from tests.support.waiting import wait_until
from tests.support.watch import Watch

RIGHT_WITHIN = 5.0
HEALED_WITHIN = 20.0
LOGGED_IN_WITHIN = 25.0
TRIED_AGAIN_WITHIN = 10.0
"""Seconds from `connected` on: a refused or interrupted letter waits 2 s, and must not be left to the rounds that look for lost ones."""
SETTLED_WITHIN = 40.0
PROFILES = sorted(path.stem for path in (ROOT / "node_wa/sandbox/profiles").glob("*.js"))
UNUSABLE = {"store_missing"}
"""Nothing can be sent or seen with these; every other one must work, whatever the library makes of it."""
ARRIVED = {"sent", "delivered", "read"}


@pytest.fixture(scope="module")
def faulty(restless: Owner) -> Iterator[Api]:
    """A user with a linked session that goes through all faults."""
    user = Api(restless.stack, "faulty").register()
    user.link("+15550300001")
    yield user
    user.disconnect()


@pytest.fixture
def well(unharmed: Owner, faulty: Api) -> Api:
    no_faults(unharmed.stack)
    faulty.wait_for_status("connected")
    return faulty


@pytest.fixture
def newcomer(unharmed: Owner) -> Iterator[Api]:
    user = Api(unharmed.stack, "newcomer").register()
    yield user
    no_faults(unharmed.stack)
    session_id = unharmed.id_of(user)
    user.disconnect()
    unharmed.nothing_left(session_id)


class Letters:
    """What a test sends, and whether what is told of it is so."""

    def __init__(self, owner: Owner, user: Api, to: str) -> None:
        self._owner, self._user, self._to = owner, user, to
        self._sent: dict[str, str] = {}

    def send(self, body: str) -> str:
        message_id = str(self._user.send(self._to, body)["id"])
        self._sent[message_id] = body
        return message_id

    def arrived(self) -> list[str]:
        return [str(one["body"]) for one in self._owner.stack.sandbox("GET", f"/phones/{self._to}/inbox")]

    def check(self) -> None:
        """Nothing told as sent that did not arrive; nothing arrived twice. Status first: it may arrive between the two looks."""
        told = {message_id: self._user.message(message_id)["status"] for message_id in self._sent}
        arrived = self.arrived()
        for message_id, body in self._sent.items():
            assert arrived.count(body) <= 1, f"{body} arrived {arrived.count(body)} times"
            assert told[message_id] not in ARRIVED or body in arrived, f"{body} is told as {told[message_id]}"

    def all_arrive(self, within: float = HEALED_WITHIN) -> None:
        for message_id in self._sent:
            self._user.wait_for_message(message_id, *ARRIVED, timeout=within)
        self.check()
        assert sorted(set(self._sent.values()) - set(self.arrived())) == []


@pytest.fixture(scope="module")
def unclear() -> list[Letters]:
    """Letters that nobody could tell of whether they went out. Settling them takes its time; the last test waits for it."""
    return []


def named(look: dict[str, Any]) -> str:
    """The reason's code; its text must be there for the person."""
    assert look["reason"], look
    assert look["reason"]["text"]
    return str(look["reason"]["code"])


def told(what: str, watch: Watch, mark: float) -> None:
    print(f"\n{what}: {watch.story(mark, 'default')}")


def test_lost_and_late_ticks_are_not_made_up(unharmed: Owner, well: Api, unclear: list[Letters]) -> None:
    letters = Letters(unharmed, well, "+12025530804")
    with faults(unharmed.stack, lose_acks=True):
        message_id = letters.send("no tick comes")
        wait_until(letters.arrived, 15, "it arrived")
        assert well.message(message_id)["status"] in ("sending", "unknown", "sent")
        letters.check()
    with faults(unharmed.stack, ack_delay_ms=1500):
        late = letters.send("a tick comes late")
        wait_until(lambda: "a tick comes late" in letters.arrived(), 15, "it arrived")
        well.wait_for_message(late, "delivered", timeout=15)
    unclear.append(letters)


@pytest.mark.parametrize("attempt", range(3))
def test_a_dropped_socket_mends_itself_and_letters_hardly_wait(unharmed: Owner, well: Api, attempt: int) -> None:
    """Several times: a letter handed over at the very moment is refused and has to be tried again."""
    letters = Letters(unharmed, well, "+12025530801")
    with Watch(well) as watch, faults(unharmed.stack, drop_socket=True) as mark:
        letters.send(f"over a dropped socket {attempt}")
        letters.all_arrive(TRIED_AGAIN_WITHIN)
        well.wait_for_status("connected", timeout=RIGHT_WITHIN)
        told("drop_socket", watch, mark)
        assert {one.status for one in watch.after(mark, "default")} <= {"connected", "reconnecting"}


def test_a_connection_that_stays_lost_is_told_and_letters_wait(unharmed: Owner, well: Api) -> None:
    letters = Letters(unharmed, well, "+12025530802")
    with Watch(well) as watch:
        with faults(unharmed.stack, drop_socket=True, refuse_connections=True) as mark:
            lost, _ = watch.leaves("default", "connected", mark, RIGHT_WITHIN)
            assert (lost.status, lost.code) == ("reconnecting", "connection_lost")
            letters.send("while nothing connects")
            letters.check()
            assert well.status()["status"] == "reconnecting"
        mark = time.monotonic()
        watch.reaches("default", "connected", mark, RIGHT_WITHIN)
        told("refuse_connections", watch, mark)
    letters.all_arrive()


def test_refused_to_a_linked_session_that_starts_it_keeps_trying(unharmed: Owner, well: Api) -> None:
    with Watch(well) as watch:
        with faults(unharmed.stack, refuse_connections=True):
            mark = time.monotonic()
            unharmed.stack.kill("gateway")
            watch.leaves("default", "connected", mark, 3)
            look = watch.when("default", lambda one: one.code == "whatsapp_unreachable", mark, 15, "it says why")[0]
            assert look.status == "reconnecting"
            named(well.status())
        watch.reaches("default", "connected", time.monotonic(), HEALED_WITHIN)
        told("refused while starting", watch, mark)


def test_refused_to_somebody_never_linked_it_says_so(unharmed: Owner, newcomer: Api) -> None:
    newcomer.initialize()
    newcomer.disconnect()
    with Watch(newcomer) as watch, faults(unharmed.stack, refuse_connections=True) as mark:
        newcomer.initialize()
        failed, _ = watch.reaches("default", "failed", mark, RIGHT_WITHIN)
        told("refused, never linked", watch, mark)
    assert failed.code == named(newcomer.status()) == "whatsapp_unreachable"
    newcomer.initialize()
    newcomer.wait_for_status("qr")


def test_a_hung_page_is_noticed_and_replaced(unharmed: Owner, well: Api) -> None:
    letters = Letters(unharmed, well, "+12025530803")
    with Watch(well) as watch, faults(unharmed.stack, page_hang=True) as mark:
        letters.send("into a hung page")
        hung, _ = watch.leaves("default", "connected", mark, RIGHT_WITHIN)
        assert (hung.status, hung.code) == ("reconnecting", "page_hung")
        letters.check()
        watch.when("default", lambda one: one.status == "connected" and one.at > hung.at, mark, HEALED_WITHIN, "connected again")
        told("page_hang", watch, mark)
    letters.all_arrive(TRIED_AGAIN_WITHIN)


def test_a_slow_sync_is_authenticating_until_it_is_done(unharmed: Owner, newcomer: Api) -> None:
    phone = "+15550300002"
    unharmed.stack.sandbox("PUT", f"/phones/{phone}", name="Slow")
    with faults(unharmed.stack, slow_sync=2500):
        newcomer.initialize(network="sandbox")
        newcomer.wait_for_status("qr")
        with Watch(newcomer) as watch:
            newcomer.scan(phone)
            mark = time.monotonic()
            syncing, _ = watch.reaches("default", "authenticating", mark - 1, RIGHT_WITHIN)
            there, _ = watch.reaches("default", "connected", mark, HEALED_WITHIN)
            told("slow_sync", watch, mark)
    assert there.at - syncing.at > 1.5


@pytest.mark.parametrize("web_profile", PROFILES)
def test_every_whatsapp_web_works_or_says_what_is_wrong(unharmed: Owner, newcomer: Api, web_profile: str) -> None:
    number = PROFILES.index(web_profile)
    phone, friend, bot = f"+1555030002{number}", f"+1555030003{number}", f"+1202553090{number}"
    for one in (phone, friend):
        unharmed.stack.sandbox("PUT", f"/phones/{one}", name=web_profile)
    with faults(unharmed.stack, web_profile=web_profile):
        newcomer.initialize(network="sandbox")
        newcomer.wait_for_status("qr")
        with Watch(newcomer) as watch:
            newcomer.scan(phone)
            mark = time.monotonic()
            end, _ = watch.when(
                "default", lambda one: one.status in ("connected", "failed"), mark - 1, LOGGED_IN_WITHIN, "it is decided"
            )
            told(web_profile, watch, mark)
        if web_profile in UNUSABLE:
            assert (end.status, named(newcomer.status())) == ("failed", "whatsapp_changed")
            unharmed_id = unharmed.id_of(newcomer)
            wait_until(lambda: not unharmed.family.browsers(unharmed_id), 3, "its browser is freed")
            return
        assert end.status == "connected"
        assert end.code in (None, "whatsapp_changed")
        letters = Letters(unharmed, newcomer, bot)
        for n in range(3):
            letters.send(f"on {web_profile} {n}")
        letters.all_arrive()
        with Tab(newcomer, cookie_of(newcomer)) as tab:
            unharmed.stack.sandbox("POST", f"/phones/{friend}/send", to=phone, text=f"hello {web_profile}")
            wait_until(lambda: f"hello {web_profile}" in _received(tab), 15, "what comes in is seen")
        assert newcomer.status()["status"] == "connected"


def test_equal_texts_that_got_their_ids_from_whatsapp_are_one_message_each(unharmed: Owner, newcomer: Api) -> None:
    bot = "+12025530950"
    with faults(unharmed.stack, web_profile="own_ids"):
        newcomer.link("+15550300040")
        ids = [newcomer.send(bot, "the same")["id"] for _ in range(3)]
        told = [newcomer.wait_for_message(one, "delivered", timeout=HEALED_WITHIN) for one in ids]
    assert len({one["wa_message_id"] for one in told}) == 3
    assert [one["id"] for one in newcomer.get("/api/messages").json()["items"]] == ids[::-1]
    assert len(unharmed.stack.sandbox("GET", f"/phones/{bot}/inbox")) == 3


def _received(tab: Tab) -> list[str]:
    return [str(one["message"]) for one in tab.events("message") if one["direction"] == "in"]


def test_what_was_unclear_is_settled_in_the_end(well: Api, unclear: list[Letters]) -> None:
    for letters in unclear:
        letters.all_arrive(SETTLED_WITHIN)
