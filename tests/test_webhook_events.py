"""Events as they are documented: each sample fits its schema, and docs/webhooks.md says what the code does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.web import Linked, bearer
from wabot.config import Settings
from wabot.events import REGISTRY
from wabot.lib import signing
from wabot.services.hook_attempts import JITTER, TIMEOUT

DOCUMENT = Path(__file__).parent.parent / "docs" / "webhooks.md"
ASKED = (
    "session.qr", "session.connected", "session.disconnected", "session.failed", "message.queued", "message.sent",
    "message.delivered", "message.read", "message.failed", "message.received", "message.unknown",
)  # fmt: skip


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_samples_show_what_a_message_has_in_that_state(linked: Linked) -> None:
    def sent(key: str, **body: str) -> dict[str, Any]:
        made: dict[str, Any] = linked.send(headers={"Idempotency-Key": key}, **body).get_json()
        return made

    scheduled, queued = sent("order-1", send_at="2027-01-31T12:00:00Z"), sent("order-2")
    url = f"/api/messages/{queued['id']}/cancel"
    cancelled = linked.client.post(url, headers=bearer(linked.token)).get_json()
    for message in (scheduled, queued, cancelled):
        sample = REGISTRY[f"message.{message['status']}"].sample()["data"]
        assert {name: value is None for name, value in sample.items()} == {
            name: value is None for name, value in message.items() if name != "timeline"
        }, message["status"]


@pytest.mark.parametrize("name", REGISTRY)
def test_a_sample_fits_its_schema_and_little_else_does(name: str) -> None:
    event = REGISTRY[name]
    schema, sample = event.schema(), event.sample()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    check.validate(sample)
    assert sample["data"]["session"]
    for broken in ({**sample, "type": "else"}, {**sample, "timestamp": 1}, {**sample, "data": {}}):
        assert not check.is_valid(broken)
    assert not check.is_valid({**sample, "data": {**sample["data"], "session": None}})


def test_the_documented_events_are_those_there_are() -> None:
    assert set(ASKED) <= REGISTRY.keys()
    rows = re.findall(r"^\| `([a-z]+\.[a-z]+)` \| (.+) \|$", DOCUMENT.read_text(), flags=re.MULTILINE)
    assert rows == [(name, event.__doc__) for name, event in REGISTRY.items()]
    lines = [json.dumps(event.sample(), ensure_ascii=False, separators=(",", ":")) for event in REGISTRY.values()]
    assert block("json").splitlines() == lines


def test_the_documented_schedule_is_that_of_the_setting() -> None:
    text = DOCUMENT.read_text()
    units = {"s": 1, "min": 60, "h": 3600}
    told = re.findall(r"(\d+) (s|min|h)\b", text[text.index("tried again after") : text.index("`WABOT_WEBHOOK_RETRIES`")])
    delays = Settings.model_fields["webhook_retries"].default.split(",")
    assert [0, *(int(number) * units[unit] for number, unit in told)] == [int(one) for one in delays]
    assert f"{JITTER[0]} to {JITTER[1]} times" in text
    assert f"{TIMEOUT:.0f} seconds" in text


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_documented_receiver_knows_whom_it_hears(tmp_path: Path, language: str) -> None:
    secret, body, moment = signing.new_secret(), json.dumps({"text": "Grüße 👋"}).encode(), int(time.time())
    genuine = signing.headers([signing.new_secret(), secret], "evt_1", moment, body)
    late = signing.headers([secret], "evt_1", moment - 3600, body)
    assert _handle(tmp_path, language, secret, genuine, body) == json.loads(body)
    for headers, changed in ((genuine, body + b" "), (late, body), ({**genuine, "webhook-id": "evt_2"}, body)):
        assert _handle(tmp_path, language, secret, headers, changed) is None


def _handle(directory: Path, language: str, secret: str, headers: dict[str, str], body: bytes) -> object:
    """What the documented code gives; None when it refuses."""
    call = f"{json.dumps(secret)}, {json.dumps(headers)}"
    if language == "python":
        path, command = directory / "receiver.py", sys.executable
        path.write_text(f"import json\n{block('python')}\nprint(json.dumps(handle({call}, {body!r})))")
    else:
        path, command = directory / "receiver.mjs", "node"
        path.write_text(f"{block('js')}\nconsole.log(JSON.stringify(handle({call}, Buffer.from('{body.hex()}', 'hex'))))")
    done = subprocess.run([command, str(path)], capture_output=True, text=True, timeout=30, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None
