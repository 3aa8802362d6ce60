"""Every example of the documents and of the API's reference, run against the running product."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support import runnable
from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from wabot.blueprints import health, metrics, reference
from wabot.blueprints._openapi.operations import Operation, operations
from wabot.blueprints._openapi.snippets import LANGUAGES, request_of
from wabot.blueprints.api import bp as api

PHONE, FRIEND = "15557770001", "15557770002"
ENDING = ("quick_send", "restart_session", "disconnect_session", "disconnect", "delete_session")
"""These last, in this order: they change the session the others use."""
REFUSED = {"confirm_address": r"400|invalid_token", "fetch_media": r"409|media_stored"}
"""Its token only comes where addresses are to be confirmed; the file is here already."""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
Values = dict[str, Any]


def calls() -> list[Operation]:
    app = Flask("wabot")
    for blueprint in (api, reference.bp, health.bp, metrics.bp):
        app.register_blueprint(blueprint)
    return sorted(
        operations(app), key=lambda one: next((place for place, name in enumerate(ENDING, 1) if one.id.startswith(name)), 0)
    )


class World:
    """A linked user with everything that examples are about."""

    def __init__(self, stack: Stack, user: Api, admin: Api) -> None:
        self.stack, self.user, self.admin = stack, user, admin
        user.link(PHONE)
        user.initialize("spare", network="sandbox")
        stack.sandbox("PUT", f"/phones/{FRIEND}", name="Friend")
        me = f"+{PHONE}"
        stack.sandbox("POST", f"/phones/{FRIEND}/send", to=me, media=PNG, mimetype="image/png", filename="dot.png", kind="image")
        base64.b64decode(PNG, validate=True)
        self.key = user.key("send", "read", "manage")
        self.chat = wait_until(lambda: self._get("/api/chats")["items"], 40, "the chat is there")[0]
        self.picture = self.chat["last_message"]["id"]
        wait_until(lambda: user.message(self.picture)["media"]["status"] == "stored", 40, "the file is there")
        self.endpoint = self.new_endpoint()
        self.delivery = user.post(f"/api/webhooks/{self.endpoint}/test").json()["id"]
        user.wait_for_status("qr", "spare")

    def _get(self, path: str) -> Any:
        return self.user.get(path).json()

    def new_endpoint(self) -> str:
        body = {"url": "https://shop.example.com/hooks/wabot", "events": ["message.received"]}
        return str(self.user.post("/api/webhooks", body).json()["id"])

    def new_user(self) -> Api:
        return Api(self.stack, "example").register()

    def scheduled(self) -> str:
        body = {"to": "+12025550143", "message": "later", "send_at": "2027-01-31T12:00:00Z"}
        return str(self.user.post("/api/messages/send", body).json()["id"])

    def reset_token(self) -> str:
        """Out of the mail that a new user is sent."""
        person = self.new_user()
        mails = self.stack.data / "mail"
        person.post("/api/auth/forgot-password", {"email": person.email})

        def token() -> str:
            texts = [path.read_text().replace("=\n", "") for path in mails.glob("*.eml")]
            links = [
                text.partition("/reset/")[2].split()[0].split('"')[0]
                for text in texts
                if person.email in text and "/reset/" in text
            ]
            return links[0] if links else ""

        return str(wait_until(token, 20, "the mail is written"))

    def values(self, one: Operation) -> Values:
        """What takes the place of the samples."""
        given: Values = {
            "chat_id": self.chat["id"],
            "endpoint_id": self.endpoint,
            "delivery_id": self.delivery,
            "message_id": self.picture,
        }
        made: dict[str, Callable[[], Values]] = {
            "register": lambda: {"email": f"{secrets.token_hex(6)}@example.com"},
            "invite_user": lambda: {"email": f"{secrets.token_hex(6)}@example.com"},
            "login": lambda: {"email": self.user.email, "password": self.user.password},
            "reset_password": lambda: {"token": self.reset_token()},
            "cancel": lambda: {"message_id": self.scheduled()},
            "delete_webhook": lambda: {"endpoint_id": self.new_endpoint()},
            "qr": lambda: {"session": "spare"},
            "initialize": lambda: {"session": "spare"},
            "delete_session": self._another_session,
            "switch_engine": lambda: {"session": self._another_session()["name"]},
            "change_settings": lambda: {"settings": self.admin.get("/api/admin/settings").json()},
        }
        given |= made.get(one.id, dict)()
        if "key_id" in one.path_parameters:
            given["key_id"] = self.user.post("/api/keys", {"name": "example"}).json()["id"]
        if "user_id" in one.path_parameters:
            given["user_id"] = self._id_of(self.new_user())
        if "session_id" in one.path_parameters:
            mine = [
                one
                for one in self.admin.get("/api/admin/sessions?limit=200").json()["items"]
                if one["user"]["email"] == self.user.email
            ]
            given["session_id"] = next(one["id"] for one in mine if one["session"] == "default")
        return given

    def credentials(self, one: Operation, given: Values) -> dict[str, str]:
        needs = one.needs or {"admin": False}
        person = self.admin if needs["admin"] else self.user
        if one.id in ("delete_account", "logout"):
            person = self.new_user()
            given["password"] = person.password
        return {"WABOT_KEY": self.key, "WABOT_TOKEN": person.token or ""}

    def _another_session(self) -> Values:
        name = f"spare-{secrets.token_hex(3)}"
        self.user.initialize(name, network="sandbox")
        return {"name": name}

    def _id_of(self, person: Api) -> str:
        return str(person.get("/api/auth/me").json()["user"]["id"])


@pytest.fixture(scope="module")
def world(stack: Stack, admin: Api, new_user: Callable[[str], Api]) -> World:
    return World(stack, new_user("examples"), admin)


@pytest.mark.parametrize("document", runnable.runnable())
def test_the_examples_of_a_document_run_as_they_stand(document: str, stack: Stack, world: World, tmp_path: Path) -> None:
    for language, code in runnable.blocks(document):
        address = f"{secrets.token_hex(6)}@example.com"
        number = f"1555{secrets.randbelow(10**7):07}"
        mine = runnable.here(code, stack).replace("you@example.com", address).replace("15550001111", number)
        runnable.run(language, mine, {"WABOT_KEY": world.key}, tmp_path)


@pytest.mark.parametrize("one", calls(), ids=lambda one: one.id)
def test_the_examples_of_a_call_run_as_they_stand(one: Operation, world: World, tmp_path: Path) -> None:
    for language, written in LANGUAGES.items():
        given = world.values(one)
        env = world.credentials(one, given)
        code = written(request_of(one, world.stack.url, given))
        if one.id in REFUSED:
            with pytest.raises(Exception, match=REFUSED[one.id]):
                runnable.run(language, code, env, tmp_path)
        else:
            runnable.run(language, code, env, tmp_path)
