"""The worker and its mails: woken at once, over a real SMTP server, killed between queue and server and started again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient

from tests.support.mailbox import Receiver, link_of, receiving
from tests.support.recovery import forgot, login, reset
from tests.support.stack import ROOT, environment
from tests.support.waiting import wait_until
from tests.support.web import email, register
from wabot import config

Worker = subprocess.Popen[bytes]


@contextmanager
def working(settings: config.Settings, **more: str) -> Iterator[Worker]:
    """A worker by itself; its gateway is away."""
    chosen = {"MONGO_URI": settings.database_uri, "SECRET_KEY": settings.secret("secret_key"), "GATEWAY_PORT": "1", **more}
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "wabot.worker"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(settings.data, **chosen), stdout=subprocess.DEVNULL)
    try:
        run_dir = settings.data / "run"
        wait_until(lambda: [*run_dir.glob("worker-*.sock")] or process.poll() is not None, 20, "the worker listens")
        yield process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def address(client: FlaskClient) -> str:
    return str(register(client)["user"]["email"])


def test_a_mail_is_out_within_a_second_or_so_and_its_link_works(
    settings: config.Settings, client: FlaskClient, address: str
) -> None:
    receiver = Receiver()
    with receiving(receiver) as url, working(settings, SMTP_URL=url):
        started = time.monotonic()
        assert forgot(client, address).status_code == 202
        wait_until(lambda: receiver.mails, 10, "the mail arrives")
        assert time.monotonic() - started < 3, "about 0.1 s on a machine that has nothing else to do"
    assert reset(client, link_of(receiver.mails[0]).rpartition("/")[2], "a brand new horse").status_code == 200
    assert login(client, address, "a brand new horse") == 200


def test_a_mail_waits_for_a_worker_and_outlives_one(settings: config.Settings, client: FlaskClient, address: str) -> None:
    receiver = Receiver()
    forgot(client, address)
    armed = settings.data / "run" / "crash-mail.after-claim"
    armed.touch()
    with receiving(receiver) as url:
        with working(settings, SMTP_URL=url, WABOT_CRASH_POINTS="1") as killed:
            assert killed.wait(20) == -9
        assert receiver.mails == []
        with working(settings, SMTP_URL=url):
            wait_until(lambda: receiver.mails, 10, "the next worker sends it")
            forgot(client, email())
            forgot(client, address)
            wait_until(lambda: len(receiver.mails) >= 2, 10, "and the next one")
    assert [one["To"] for one in receiver.mails] == [address, address]
