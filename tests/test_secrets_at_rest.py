"""What nobody may find: passwords, keys, tokens and reset links stand nowhere under WABOT_DATA, not in a log either."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe

from tests.support.administrator import csrf_token, with_cookie
from tests.support.api import Api
from tests.support.factor import PAGE, code_at, recovery_codes, shown_secret
from tests.support.mailbox import files, link_of
from tests.support.stack import Stack
from tests.support.waiting import wait_until

OF_PEOPLE = ("mail",)
"""Where links must be, since a file is what a mail server would have taken."""


def test_no_secret_is_stored(stack: Stack, new_user: Callable[[str], Api]) -> None:
    user = new_user("secretive")
    key, first, token = user.key("read"), user.password, str(user.token)
    user.get(f"/api/send?api_key={key}&to=1&message=x")
    user.post("/api/auth/forgot-password", {"email": user.email})
    link = link_of(wait_until(lambda: files(stack.data, user.email), 5, "the mail is there")[0])
    reset = link.rpartition("/")[2]
    second = f"a second {first}"
    assert user.get(f"/reset/{reset}").ok
    assert user.post("/api/auth/reset-password", {"token": reset, "password": second}).ok
    user.login(password=second)
    found = _found(stack.data, first, second, key, key[len("wb_01234567_") :], token, reset, str(user.token), user.email)
    assert found == {user.email}, "and the address, to show that the search finds what is stored"


def test_no_second_factor_cookie_or_guess_is_stored(stack: Stack, new_user: Callable[[str], Api]) -> None:
    user, guess = new_user("twofold"), f"a guess {token_urlsafe(12)}"
    browser = with_cookie(user, stack.url)
    page = browser.get(stack.url + PAGE, timeout=15).text
    secret, sealed = shown_secret(page)
    form = {"csrf_token": csrf_token(page), "setup": sealed, "otp": code_at(secret, -1), "current_password": user.password}
    codes = recovery_codes(browser.post(stack.url + PAGE, data=form, timeout=15).text)
    assert len(codes) == 10
    credentials = {"email": user.email, "password": user.password}
    assert user.post("/api/auth/login", {**credentials, "password": guess}).status_code == 401
    assert user.post("/api/auth/login", {**credentials, "otp": codes[0]}).ok
    cookies = [str(cookie.value) for cookie in browser.cookies]
    spelled = [text for code in codes for text in (code, code.replace("-", ""))]
    found = _found(stack.data, secret, sealed, guess, user.password, *cookies, *spelled, user.email)
    assert found == {user.email}


def test_a_request_that_is_none_is_logged_without_its_key(stack: Stack, new_user: Callable[[str], Api]) -> None:
    """gunicorn writes down what it can't read, before we see it."""
    key = new_user("garbled").key()
    lines = [
        f"GET /api/send?api_key={key} HTTP/9.9",
        f"G@T /api/send?api_key={key} HTTP/1.1",
        f"GET /api/send?api_key={key}{'x' * 9000} HTTP/1.1",
    ]
    for line in (*lines, f"GET / HTTP/1.1\r\nAuthorization {key}", f"GET / HTTP/1.1\r\nX-API-Key: {key}{'x' * 9000}"):
        with socket.create_connection(("127.0.0.1", int(stack.env["WABOT_PORT"])), timeout=10) as connection:
            connection.sendall(f"{line}\r\nHost: x\r\n\r\n".encode())
            assert b" 4" in connection.recv(1000) or b" 5" in connection.recv(1000), line[:20]
    assert not _found(stack.data, key, key[len("wb_01234567_") :])


def _found(data: Path, *texts: str) -> set[str]:
    found: set[str] = set()
    for path in data.rglob("*"):
        if path.is_file() and path.relative_to(data).parts[0] not in OF_PEOPLE:
            with suppress(FileNotFoundError):  # the database and the browsers tidy up meanwhile
                content = path.read_bytes()
                found |= {text for text in texts if text.encode() in content}
    return found
