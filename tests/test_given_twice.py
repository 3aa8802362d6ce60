"""What is given twice, with two values, is refused by name: whichever was taken, somebody may have meant the other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.web import PHONE, Linked, bearer

OTHER = "+12025550124"


def call(linked: Linked, method: str, path: str, body: str = "") -> Any:
    client: Any = linked.client
    typed = {"data": body, "content_type": "application/json"} if body else {}
    return client.open(path, method=method, headers=bearer(linked.token), **typed)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/api/messages/send", f'{{"to": "{PHONE}", "to": "{OTHER}", "message": "hello"}}', "to"),
        ("POST", "/api/send", f'{{"to": "{PHONE}", "to": "{OTHER}", "message": "hello"}}', "to"),
        ("POST", "/api/send", f'{{"to": "{PHONE}", "phone": "{OTHER}", "message": "hello"}}', "to"),
        ("POST", f"/api/send?to={OTHER[1:]}", f'{{"to": "{PHONE}", "message": "hello"}}', "to"),
        ("GET", f"/api/send?to={PHONE[1:]}&to={OTHER[1:]}&message=hello", "", "to"),
        ("GET", "/api/messages?status=sent&status=failed", "", "status"),
        ("POST", "/api/webhooks", '{"url": "https://a.example", "headers": {"X-A": "1", "X-A": "2"}}', "X-A"),
        ("POST", "/api/keys", '{"name": "a", "' + "n" * 500 + '": 1, "' + "n" * 500 + '": 2}', "n" * 100),
    ],
)
def test_it_is_refused_by_name_and_nothing_is_done(linked: Linked, method: str, path: str, body: str, field: str) -> None:
    answer = call(linked, method, path, body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [{"field": field, "detail": "is given twice"}]
    assert call(linked, "GET", "/api/messages").get_json()["items"] == []


def test_the_same_again_says_nothing_else(linked: Linked) -> None:
    assert call(linked, "GET", "/api/messages?status=sent&status=sent").status_code == 200
    body = f'{{"to": "{PHONE}", "message": "hello", "message": "hello"}}'
    assert call(linked, "POST", "/api/messages/send", body).status_code == 202
