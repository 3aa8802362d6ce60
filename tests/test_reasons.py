"""The words for people: every code has its own, and a changed WhatsApp Web says what can't be done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wabot.services.last_errors import FIXED, last_error
from wabot.services.reasons import SESSION_REASONS, session_reason
from wabot.words import Text

ROOT = Path(__file__).resolve().parents[1]


def text(code: str, *missing: str) -> str:
    reason = session_reason(code, missing)
    assert reason is not None
    assert reason["code"] == code
    return reason["text"]


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        (["incoming"], "WhatsApp Web changed: incoming messages can't be seen with this version."),
        (["logout", "acks"], "WhatsApp Web changed: ticks can't be seen and this device can't be unlinked from here with this version."),
        (["number_check", "send", "acks"],
         "WhatsApp Web changed: messages can't be sent, ticks can't be seen and numbers can't be looked up with this version."),
        (["teleport"], "WhatsApp Web changed: “teleport” doesn't work with this version."),
    ],
)  # fmt: skip
def test_a_changed_site_says_what_is_missing(missing: list[str], wanted: str) -> None:
    assert text("whatsapp_changed", *missing) == wanted


def test_a_changed_site_without_a_name_for_it_still_gets_a_sentence() -> None:
    assert text("whatsapp_changed") == SESSION_REASONS["whatsapp_changed"]


def test_what_is_missing_changes_no_other_reason() -> None:
    assert text("browser_ended", "send") == SESSION_REASONS["browser_ended"]
    assert session_reason(None, ["send"]) is None


def test_every_reason_the_gateway_gives_has_words() -> None:
    listed = re.search(r"Reason codes used by the gateway:\s+`([a-z_ ]+)`", (ROOT / "docs/internals.md").read_text())
    assert listed
    assert set(listed[1].split()) - set(SESSION_REASONS) == set()


def test_every_refusal_of_a_start_has_words() -> None:
    """`refused` keeps the gateway's code as the session's reason."""
    for code in ("unknown_engine", "engine_not_allowed"):
        assert code in SESSION_REASONS


def test_every_ability_that_is_probed_has_words() -> None:
    probes = re.search(r"PROBES = \{(.*?)\n  \};", (ROOT / "node_wa/engines/webjs/checking.js").read_text(), re.DOTALL)
    assert probes
    abilities = re.findall(r"^ {4}(\w+):", probes[1], re.MULTILINE)
    assert len(abilities) > 5
    for ability in abilities:
        assert f"“{ability}”" not in text("whatsapp_changed", ability)


def test_every_note_beside_a_reason_in_the_engines_has_words() -> None:
    sources = [*(ROOT / "node_wa").glob("*.js"), *(ROOT / "node_wa/engines").rglob("*.js")]
    beside = re.compile(r"(?<!Error\()(?<!refuse\()'(\w+)',(?: detail:)? (['`])(.+?)\2")
    found = [one for path in sources for one in beside.findall(path.read_text()) if one[0] in SESSION_REASONS]
    notes = {re.sub(r"\$\{[^{}]*\}", "7", note) for _, _, note in found}
    assert len(notes) > 15
    assert {one for one in notes if one not in FIXED and not isinstance(last_error(one), Text)} == set()
