"""POST /api/send takes a form or JSON, and says what is wrong with a body that is neither, as every other call does."""

from __future__ import annotations

import gzip

import pytest

from tests.support.web import PHONE, Linked, bearer

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
GOOD = f'{{"to": "{PHONE}", "message": "hello", "wait": 0}}'.encode()
GOOD_FORM = b"to=12025550123&message=hello&wait=0"


@pytest.mark.parametrize(
    ("data", "kind", "packed", "code"),
    [
        (b'{"to": ', JSON, False, "malformed_json"),
        (b'{"to": "\xe4"}', JSON, False, "malformed_json"),
        (gzip.compress(GOOD, mtime=0), JSON, True, "not_json"),
        (gzip.compress(GOOD_FORM, mtime=0), FORM, True, "not_json"),
        (GOOD_FORM, FORM, True, "not_json"),
        (GOOD, "text/plain", False, "not_json"),
        (b"[1]", JSON, False, "invalid_request"),
    ],
    ids=["broken", "latin-1", "packed", "packed form", "packed form, as they say", "text", "a list"],
)
def test_a_body_that_is_neither_is_refused_for_what_it_is(
    linked: Linked, data: bytes, kind: str, packed: bool, code: str
) -> None:
    headers = bearer(linked.token) | ({"Content-Encoding": "gzip"} if packed else {})
    answer = linked.client.post("/api/send", data=data, content_type=kind, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (422 if code == "invalid_request" else 400, code)
    assert answer.get_json()["success"] is False
    assert linked.client.get("/api/messages", headers=bearer(linked.token)).get_json()["items"] == []


@pytest.mark.parametrize("kind", [JSON, FORM, "text/plain"])
def test_without_a_body_the_address_says_it_all(linked: Linked, kind: str) -> None:
    answer = linked.client.post(f"/api/send?{GOOD_FORM.decode()}", content_type=kind, headers=bearer(linked.token))
    assert answer.status_code == 202
