"""The browser of an administrator of the in-process web application."""

from __future__ import annotations

import pytest
from flask import Flask

from wabot.services import Services

from .pages import Browser
from .web import email

PASSWORD = "correct horse battery staple"


@pytest.fixture
def boss(app: Flask, known: Services) -> Browser:
    address = email()
    known.accounts.create_admin(address, PASSWORD)
    browser = Browser(app)
    browser.login(address, PASSWORD)
    return browser
