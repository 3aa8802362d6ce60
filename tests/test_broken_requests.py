"""Requests that break off, or are no HTTP: refused as problem+json, nothing of them is done, and no word of them is logged."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.api import Api
from tests.support.stack import Stack

PHONE = "+12025550172"
OTHER = "12025550173"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def linked(stack: Stack) -> Api:
    user = Api(stack, "grete").register()
    user.link(PHONE)
    return user


def say(stack: Stack, request: str) -> tuple[int, str, Any]:
    """Send these bytes and no more. The status, the content type and the body of the answer."""
    where = urlsplit(stack.url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
    return int(head.split()[1]), headers["content-type"], body


def request(method: str, path: str, *headers: str, body: str = "") -> str:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: wabot", "Connection: close", *headers, "", body])


def bodies(user: Api) -> list[str]:
    return [one["message"] for one in user.get("/api/messages").json()["items"]]


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x"])
def test_a_body_that_breaks_off_is_not_acted_on(linked: Api, kind: str) -> None:
    whole = f"to={OTHER}&message=Your code is 12"
    if kind != FORM:
        parts = (
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in [("to", OTHER), ("text", "Your code is 12")]
        )
        whole = "".join(parts) + "--x"
    headers = (f"X-API-Key: {linked.key('send')}", f"Content-Type: {kind}", f"Content-Length: {len(whole) + 4}")
    status, _, said = say(linked.stack, request("POST", "/api/send", *headers, body=whole))
    assert (status, json.loads(said)["code"]) == (400, "malformed_request")
    assert bodies(linked) == []


def test_a_broken_chunk_is_no_fault_of_ours(stack: Stack) -> None:
    headers = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    status, kind, said = say(stack, request("POST", "/api/auth/login", *headers, body="zz\r\n{}"))
    assert (status, kind, json.loads(said)["code"]) == (400, "application/problem+json", "malformed_request")


@pytest.mark.parametrize(
    ("broken", "status", "code"),
    [
        (request("GET", f"/api/send?message={9000 * 'x'}"), 414, "address_too_long"),
        (request("GET", "/api/messages", f"X-Long: {9000 * 'x'}"), 431, "headers_too_large"),
        (request("GET", "/api/messages", "Expect: wonders"), 417, "malformed_request"),
        (request("POST", "/api/messages/send", "Content-Length: -5"), 400, "malformed_request"),
        ("no http\r\n\r\n", 400, "malformed_request"),
    ],
)
def test_what_the_server_itself_refuses_is_a_problem_too(stack: Stack, broken: str, status: int, code: str) -> None:
    got, kind, said = say(stack, broken)
    problem = json.loads(said)
    assert (got, kind, problem["status"], problem["code"]) == (status, "application/problem+json", status, code)
    assert problem["title"]
    assert problem["detail"]


def test_nothing_of_a_refused_address_is_logged(stack: Stack) -> None:
    assert say(stack, request("GET", "/api/send?to=4915&message=grüße-an-alle"))[0] == 400
    assert "an-alle" not in stack.logs("web")
