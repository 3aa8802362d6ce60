"""What nobody may find: passwords, keys, tokens and reset links stand nowhere under WABOT_DATA, not in a log either."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.support.api import Api
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
    found = _found(stack.data, first, second, key, key.rpartition("_")[2], token, reset, str(user.token), user.email)
    assert found == {user.email}, "and the address, to show that the search finds what is stored"


def _found(data: Path, *texts: str) -> set[str]:
    found: set[str] = set()
    for path in data.rglob("*"):
        if path.is_file() and path.relative_to(data).parts[0] not in OF_PEOPLE:
            with suppress(FileNotFoundError):  # the database and the browsers tidy up meanwhile
                content = path.read_bytes()
                found |= {text for text in texts if text.encode() in content}
    return found
