"""The way back into an account: asking for a link, reading the mail, using the link."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from wabot.blueprints._context import services
from wabot.services import Services

from .mailbox import files, link_of
from .web import register

NEW = "a brand new horse"
Post = Callable[[], list[EmailMessage]]


@pytest.fixture
def house(app: Flask) -> Services:
    with app.app_context():
        return services()


@pytest.fixture
def post(house: Services) -> Post:
    """Have the worker's part done; the mails there are, oldest first."""

    def sent() -> list[EmailMessage]:
        house.mails.send_due()
        return files(house.settings.data)

    return sent


def forgot(client: FlaskClient, address: str) -> Any:
    return client.post("/api/auth/forgot-password", json={"email": address})


def reset(client: FlaskClient, token: str, password: str = NEW) -> Any:
    return client.post("/api/auth/reset-password", json={"token": token, "password": password})


def login(client: FlaskClient, address: str, password: str) -> int:
    return client.post("/api/auth/login", json={"email": address, "password": password}).status_code


def token_of(mail: EmailMessage) -> str:
    return link_of(mail).rpartition("/")[2]


@pytest.fixture
def made(client: FlaskClient) -> dict[str, Any]:
    return register(client)
