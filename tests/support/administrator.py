"""An administrator made by the command; the one that a start makes must choose a password first."""

from __future__ import annotations

import re
import subprocess
import sys

import requests

from .api import Api
from .stack import ROOT, Stack


def make(stack: Stack) -> Api:
    made = Api(stack, "admin")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "create-admin", made.email, "--password", made.password]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return made.login()


def with_cookie(user: Api, url: str) -> requests.Session:
    """Logged in on the pages."""
    browser = requests.Session()
    token = csrf_token(browser.get(f"{url}/login", timeout=15).text)
    fields = {"email": user.email, "password": user.password, "csrf_token": token}
    answer = browser.post(f"{url}/login", data=fields, timeout=15)
    assert answer.url.endswith("/dashboard"), answer.url
    return browser


def csrf_token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, "no form on the page"
    return found[1]
