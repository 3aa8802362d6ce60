"""What holds for every page and call, whatever it does: forged forms, headers, cookies, proxies, sizes, redirects, errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages import Browser
from tests.support.web import Linked, bearer, email, register, settings_for
from wabot.app import create_app
from wabot.blueprints._context import services
from wabot.blueprints._forms import local_path
from wabot.lib.log import _without_secrets

TEMPLATES = Path(__file__).parents[1] / "wabot" / "templates"
CROSS = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]


@contextmanager
def web(db: str, path: Path, **settings: str) -> Iterator[Flask]:
    """A web application of other settings."""
    made = create_app(settings_for(db, path / "var", **settings))
    try:
        yield made
    finally:
        made.extensions["wabot"].close()


def production(db: str, path: Path, **settings: str) -> Any:
    named = {
        "WABOT_ENV": "production",
        "PUBLIC_URL": "https://wabot.example",
        "METRICS_TOKEN": "m" * 20,
        "SMTP_URL": "smtp://127.0.0.1:1",
    }
    return web(db, path, **named, **settings)


# Forged forms


def test_every_form_needs_its_token_and_its_origin(app: Flask) -> None:
    browser = Browser(app).register(email())
    token = browser.token("/keys")
    paths = [
        re.sub(r"<[^>]+>", "000000000000000000000000", rule.rule)
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(("/api/", "/internal/", "/socket.io"))
    ]
    assert len(paths) > 15
    for path in paths:
        assert browser.client.post(path, data={"name": "x"}).status_code == 400, path
        for headers in CROSS:
            answer = browser.client.post(path, data={"csrf_token": token}, headers=headers)
            assert answer.status_code == 403, (path, headers)


def test_pages_hold_no_inline_code() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        if "mail" in path.parts:
            continue
        assert not re.search(r"<[^>]+\son\w+\s*=", text), path
        assert not re.search(r"<[^>]+\sstyle\s*=|<style|javascript:", text), path
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or "application/json" in tag, (path, tag)


def test_headers_of_every_answer(client: FlaskClient) -> None:
    for path in ("/", "/login", "/no-such-page", "/api/auth/me", "/static/js/base.js", "/healthz"):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
        assert "Server" not in headers or "Werkzeug" not in headers["Server"]
        assert "Strict-Transport-Security" not in headers, "only production is sure of https"


# Cookies and logins


def test_cookies_of_production(db: str, tmp_path: Path) -> None:
    with production(db, tmp_path) as app:
        with app.app_context():
            services().accounts.create_admin("boss@example.com", "a quite different saying")
        browser = app.test_client()
        https: dict[str, Any] = {"base_url": "https://wabot.example", "headers": {"Referer": "https://wabot.example/login"}}
        page = browser.get("/login", base_url="https://wabot.example")
        assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
        assert token
        fields = {"csrf_token": token[1], "email": "boss@example.com", "password": "a quite different saying", "remember": "1"}
        answer = browser.post("/login", data=fields, **https)
        assert answer.status_code == 302, answer.get_data(as_text=True)
        cookies = answer.headers.getlist("Set-Cookie")
        assert {one.split("=")[0] for one in cookies} == {"wabot_session", "wabot_remember"}
        for one in cookies:
            assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(one.split("; ")), one


def test_forms_work_over_https_though_the_browser_tells_no_referer(db: str, tmp_path: Path) -> None:
    """Pages that mails lead to forbid it; what browsers send from there is `Origin: null`."""
    https = {"base_url": "https://wabot.example"}
    said = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    with production(db, tmp_path) as app:
        browser = app.test_client()
        for path, fields, status in [("/forgot", {"email": "x@example.com"}, 302), ("/confirm", {"email": "x@example.com"}, 302),
                                     ("/password-hint", {"password": "x"}, 200)]:  # fmt: skip
            page = browser.get("/forgot", **https)
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
            assert token
            answer = browser.post(path, data={"csrf_token": token[1], **fields}, headers=said, **https)
            assert answer.status_code == status, path
            assert browser.post(path, data={"csrf_token": token[1], **fields}, headers=CROSS[0], **https).status_code == 403


def test_a_login_begins_a_session_of_its_own(app: Flask) -> None:
    """Whoever planted a session in the browser doesn't share the login."""
    made = register(app.test_client())
    browser = Browser(app)
    planted = browser.token("/login")
    before = browser.client.get_cookie("wabot_session")
    browser.login(made["user"]["email"], "correct horse")
    after = browser.client.get_cookie("wabot_session")
    assert before and after and before.value != after.value
    attacker = app.test_client()
    attacker.set_cookie("wabot_session", before.value)
    assert attacker.get("/dashboard").status_code == 302
    assert browser.client.post("/logout", data={"csrf_token": planted}).status_code == 400


def test_copied_cookies_are_dead_after_logout(app: Flask) -> None:
    made = register(app.test_client())
    browser = Browser(app)
    browser.login(made["user"]["email"], "correct horse", remember="1")
    thief = app.test_client()
    for name in ("wabot_session", "wabot_remember"):
        cookie = browser.client.get_cookie(name)
        assert cookie
        thief.set_cookie(name, cookie.value)
    assert thief.get("/dashboard").status_code == 200
    browser.submit("/dashboard", "/logout")
    assert browser.client.get_cookie("wabot_remember") is None
    assert thief.get("/dashboard").status_code == 302


# Where requests come from


@pytest.mark.parametrize(("hops", "source"), [("0", "10.0.0.1"), ("1", "192.0.2.2"), ("2", "192.0.2.1")])
def test_only_trusted_proxies_say_where_a_request_comes_from(db: str, tmp_path: Path, hops: str, source: str) -> None:
    with web(db, tmp_path, TRUSTED_PROXIES=hops) as app:
        client = app.test_client()
        forwarded = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1, 192.0.2.2"}
        client.get("/login", headers=forwarded, environ_base={"REMOTE_ADDR": "10.0.0.1"})
        body = {"email": "a@example.com", "password": "wrong horse"}
        client.post("/api/auth/login", json=body, headers=forwarded, environ_base={"REMOTE_ADDR": "10.0.0.1"})
        [seen] = app.extensions["wabot"].limit_reports.own.snapshot()["filling"]
        assert seen["who"] == f"ip:{source}"


@pytest.mark.parametrize(
    "name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Real-IP", "Via", "CF-Connecting-IP"]
)
@pytest.mark.parametrize("hops", ["0", "1"])
def test_internal_is_not_there_for_proxies(db: str, tmp_path: Path, name: str, hops: str) -> None:
    with web(db, tmp_path, TRUSTED_PROXIES=hops) as app:
        secret = app.extensions["wabot"].settings.secret("internal_secret")
        client = app.test_client()
        good = client.post("/internal/push", json={"pushes": []}, headers=bearer(secret))
        assert good.status_code == 204
        refused = client.post("/internal/push", json={"pushes": []}, headers={**bearer(secret), name: "127.0.0.1"})
        assert refused.status_code == 404
        far = client.post(
            "/internal/push", json={"pushes": []}, headers=bearer(secret), environ_base={"REMOTE_ADDR": "192.0.2.1"}
        )
        assert far.status_code == 404
        assert client.post("/internal/push", json={"pushes": []}, headers=bearer("x")).status_code == 401


def test_the_hosts_name_is_not_believed(client: FlaskClient) -> None:
    for path in ("/", "/login", "/no-such-page", "/dashboard"):
        answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil.example" not in answer.get_data(as_text=True)
        assert "evil.example" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "\\\\evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example",
        "/\n/evil.example", " //evil.example", "/ /evil.example", "evil.example", "/\x00/evil.example", "///evil.example", "\t//evil.example", "/%0d%0a/../\\evil",
    ],
)  # fmt: skip
def test_a_login_leads_nowhere_else(target: str) -> None:
    assert local_path(target, "/dashboard") == "/dashboard"


@pytest.mark.parametrize("target", ["/messages", "/messages/new?to=%2B12025550123&message=a%20b", "/", "/messages?q=ü"])
def test_a_login_leads_back(target: str) -> None:
    assert local_path(target, "/dashboard") == target


# Sizes, methods, errors


def test_bodies_have_a_size(app: Flask, linked: Linked) -> None:
    token = bearer(linked.token)
    large = b'{"to":"' + b"1" * 2_000_000 + b'"}'
    answer = linked.client.post("/api/messages/send", data=large, headers=token, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")
    secret = bearer(app.extensions["wabot"].settings.secret("internal_secret"))
    for path in ("/internal/events", "/internal/push"):
        assert linked.client.post(path, data=large, headers=secret, content_type="application/json").status_code == 413
    assert linked.client.post("/login", data={"email": "x" * 2_000_000}).status_code == 413
    chunked: dict[str, Any] = {
        "headers": {**token, "Transfer-Encoding": "chunked"},
        "environ_overrides": {"wsgi.input_terminated": True},
    }
    for path in ("/api/messages/send", "/login"):
        unsaid = linked.client.post(path, input_stream=BytesIO(large), content_type="application/json", **chunked)
        assert unsaid.status_code == 413, "also where the length isn't said"
    many = {f"f{number}": "x" for number in range(500)}
    assert linked.client.post("/login", data=many, content_type="multipart/form-data").status_code == 413


def test_other_methods_are_refused_and_disturb_nothing(client: FlaskClient, linked: Linked) -> None:
    assert client.head("/").status_code == 200
    assert client.head("/api/send?api_key=x").status_code == 405
    options = client.options("/api/messages/send")
    assert (options.status_code, "Access-Control-Allow-Origin" in options.headers) == (200, False)
    for method in ("TRACE", "CONNECT", "BREW"):
        assert client.open("/login", method=method).status_code == 405
    assert linked.send().status_code == 202


def test_an_error_of_ours_shows_an_id_and_nothing_else(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = FlaskClient(app, app.response_class)  # which expects no documented answer

    def broken() -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr(type(services_of(app).preferences), "current", lambda _: broken())
    for answer in (client.get("/"), client.post("/api/auth/login", json={"email": "a@example.com", "password": "x"})):
        text = answer.get_data(as_text=True)
        assert answer.status_code == 500
        assert answer.headers["X-Request-ID"] in text
        assert not re.search(r"hunter2|ZeroDivision|Traceback|\.py", text)


def test_what_is_set_for_another_application_of_flask_changes_nothing(
    db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with production(db, tmp_path) as app:
        assert not app.debug
        assert app.test_client().get("/healthz").get_data(as_text=True).count("\n") == 1


def services_of(app: Flask) -> Any:
    return app.extensions["wabot"]


@pytest.mark.parametrize(
    "line",
    [
        "GET /api/send?api_key=wb_01234567_abcdefghijklmnopqrstuvwxyz&to=1", "api_key=short", "Authorization: Bearer eyJhbGci.eyJzdWIi.c2ln",
        "/reset/IjY5.abc.def-ghi", "https://wabot.example/confirm/IjY5.abc.def-ghi",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_cut_out_of_every_log_line(line: str) -> None:
    event = _without_secrets(None, "", {"event": line, "exception": f"Error: {line}"})
    for secret in ("abcdefghij", "short", "eyJhbGci", "IjY5"):
        assert secret not in str(event)
