"""POST /api/send takes a form or JSON, and says what is wrong with a body that is neither, as every other call does."""

from __future__ import annotations

import gzip
import io
from typing import Any

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


@pytest.mark.parametrize(
    "given", [{"json": {}}, {"data": {}}, {"data": {}, "content_type": "multipart/form-data"}], ids=["JSON", "form", "multipart"]
)
def test_the_key_may_stand_in_the_body_with_everything_else(linked: Linked, given: dict[str, Any]) -> None:
    made = linked.client.post("/api/keys", json={"name": "script"}, headers=bearer(linked.token)).get_json()
    fields = {"api_key": made["key"], "to": PHONE, "message": "hello", "wait": "0"}
    asked = {name: fields if name in ("json", "data") else value for name, value in given.items()}
    assert linked.client.post("/api/send", **asked).status_code == 202


@pytest.mark.parametrize("body", [b'{"api_key": 1}', b'{"api_key": "wb_x"}', b"{", b"[1]"])
def test_who_gives_no_good_key_is_told_nothing_about_the_body(linked: Linked, body: bytes) -> None:
    assert linked.client.post("/api/send", data=body, content_type=JSON).status_code == 401


@pytest.mark.parametrize("name", ["media", "message"])
def test_a_file_is_refused_and_nothing_sent_without_it(linked: Linked, name: str) -> None:
    form = {"to": PHONE, "message": "see the picture", "wait": "0"} | {name: (io.BytesIO(b"bytes"), "a.png")}
    answer = linked.client.post("/api/send", data=form, headers=bearer(linked.token))
    assert (answer.status_code, [one["field"] for one in answer.get_json()["errors"]]) == (422, [name])
    assert linked.client.get("/api/messages", headers=bearer(linked.token)).get_json()["items"] == []
