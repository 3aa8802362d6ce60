"""A person with an authenticator app."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pyotp
from werkzeug.test import TestResponse

from .pages import Browser

PAGE = "/settings/second-factor"
PASSWORD = "correct horse"


def code_at(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many steps of 30 seconds later."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def shown_secret(page: str) -> tuple[str, str]:
    """The secret as text, and what the form sends back with the code."""
    secret = re.search(r'<code id="secret">((?:<span[^>]*>[A-Z2-7]{4}</span>){8})</code>', page)
    sealed = re.search(r'name="setup" value="([^"]+)"', page)
    assert secret and sealed
    return re.sub("<[^>]+>", "", secret[1]), html.unescape(sealed[1])


def recovery_codes(page: str) -> list[str]:
    return re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", page)


def turn_on(person: Browser, password: str = PASSWORD) -> tuple[str, list[str]]:
    """The secret and the recovery codes. The code of the step before is used, so that the present one is still good."""
    secret, sealed = shown_secret(person.open(PAGE).get_data(as_text=True))
    answer = person.submit(PAGE, setup=sealed, otp=code_at(secret, -1), current_password=password)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return secret, recovery_codes(answer.get_data(as_text=True))


def enter_code(browser: Browser, code: str) -> TestResponse:
    return browser.submit("/login/code", otp=code)
