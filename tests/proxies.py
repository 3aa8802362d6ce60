"""wabot behind nginx and behind Caddy, with the very files of deploy/: `make docs-check`. Needs Debian's nginx and caddy."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket

from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until
from wabot.launching import ports

DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def behind() -> Iterator[Stack]:
    running = Stack(TRUSTED_PROXIES="1", WABOT_SANDBOX="0", WABOT_DEFAULT_NETWORK="live", PUBLIC_URL="https://wabot.example.com")
    running.start()
    yield running
    running.stop()
    running.remove()


def nginx(stack: Stack, directory: Path, port: int) -> list[str]:
    """The site as it stands, but for ports and certificate, in the smallest configuration around it."""
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=wabot.example.com"]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    site = (DEPLOY / "nginx.conf").read_text()
    for old, new in {
        "/etc/letsencrypt/live/wabot.example.com/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/wabot.example.com/privkey.pem": str(key),
        "listen 443": f"listen 127.0.0.1:{port}", "listen [::]:443": f"listen [::1]:{port}",
        "listen 80": f"listen 127.0.0.1:{ports.choose_free()}", "listen [::]:80": f"listen [::1]:{ports.choose_free()}",
        "http://127.0.0.1:8000": stack.url,
    }.items():  # fmt: skip
        assert old in site, old
        site = site.replace(old, new)
    (directory / "site.conf").write_text(site)
    whole = (
        f"daemon off; pid {directory}/pid; error_log {directory}/error.log; events {{}} http {{ include {directory}/site.conf; }}"
    )
    (directory / "nginx.conf").write_text(whole)
    command = ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    return command


def caddy(stack: Stack, directory: Path, port: int) -> list[str]:
    site = (DEPLOY / "Caddyfile").read_text().replace("\nwabot.example.com {", f"\nhttp://wabot.example.com:{port} {{")
    site = "{\n\tadmin off\n}\n" + site.replace("127.0.0.1:8000", stack.url.removeprefix("http://"))
    (directory / "Caddyfile").write_text(site)
    subprocess.run(
        ["caddy", "validate", "--config", str(directory / "Caddyfile"), "--adapter", "caddyfile"], check=True, capture_output=True
    )
    return ["caddy", "run", "--config", str(directory / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")  # the certificate was made for the test
@pytest.mark.parametrize(("proxy", "scheme"), [(nginx, "https"), (caddy, "http")], ids=["nginx", "caddy"])
def test_behind_a_proxy(proxy: Callable[..., list[str]], scheme: str, behind: Stack, tmp_path: Path) -> None:
    assert shutil.which(proxy.__name__), f"apt-get install {proxy.__name__}"
    port = ports.choose_free()
    running = subprocess.Popen(proxy(behind, tmp_path, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _look(f"{scheme}://127.0.0.1:{port}")
    finally:
        running.terminate()
        running.wait(timeout=10)


def _look(url: str) -> None:
    web = requests.Session()
    web.headers["Host"], web.verify = "wabot.example.com", False
    web.trust_env = False  # a machine that names its CA bundle would have the certificate checked all the same
    ask: Callable[[str], requests.Response] = lambda path: web.get(url + path, timeout=10, allow_redirects=False)  # noqa: E731
    wait_until(lambda: ask("/healthz").ok, 20, "the proxy answers")
    assert ask("/internal/events").status_code == 404
    assert ask("/internal").status_code == 404
    assert "wabot" in ask("/login").text
    name, password = "proxied@example.com", "a proxied horse battery"
    made = web.post(f"{url}/api/auth/register", json={"email": name, "password": password}, timeout=10)
    assert made.status_code in (201, 409)
    page = ask("/login").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    fields = {"csrf_token": token, "email": name, "password": password}
    assert (
        web.post(f"{url}/login", data=fields, headers={"Referer": f"{url}/login"}, timeout=10, allow_redirects=False).status_code
        == 302
    )
    _stay_open(url, "; ".join(f"{one.name}={one.value}" for one in web.cookies))


def _stay_open(url: str, cookies: str) -> None:
    """python-socketio's handshake through the proxy, and its first ping."""
    address = url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
    options: dict[str, Any] = {"sslopt": {"cert_reqs": 0, "check_hostname": False}} if url.startswith("https") else {}
    origin = "https://wabot.example.com"
    socket = websocket.create_connection(address, cookie=cookies, host="wabot.example.com", origin=origin, timeout=40, **options)
    try:
        assert str(socket.recv()).startswith("0{")
        socket.send("40")
        assert str(socket.recv()).startswith("40")
        assert str(socket.recv()) == "2"  # 25 seconds later
    finally:
        socket.close()
