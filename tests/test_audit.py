"""The audit log: who, what, on whom, when, from where; found, paged, taken away whole; nothing in it changes."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.factor import code_at
from tests.support.pages import Browser
from tests.support.web import bearer, email, register
from wabot.services import Services
from wabot.services.audit import ACTIONS, Audited
from wabot.store.audit import AuditFilter
from wabot.store.keys import ApiKeys
from wabot.store.records import User
from wabot.store.users import Users

PASSWORD = "correct horse battery staple"


@pytest.fixture
def boss(known: Services) -> User:
    return known.accounts.create_admin(email(), PASSWORD)


@pytest.fixture
def browser(app: Flask, boss: User) -> Browser:
    found = Browser(app)
    found.login(boss.email, PASSWORD)
    return found


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_what_concerns_security_is_written_down(known: Services, client: FlaskClient, browser: Browser, boss: User) -> None:
    user = register(client)
    key = client.post("/api/keys", json={"name": "k"}, headers=bearer(user["token"])).get_json()
    client.delete(f"/api/keys/{key['id']}", headers=bearer(user["token"]))
    [revoked, made] = known.audit.about(user["user"]["id"], 10)
    assert (made["action"], made["detail"], made["actor"]["email"]) == (
        "key.create",
        f"wb_{key['prefix']}",
        user["user"]["email"],
    )
    assert revoked["action"] == "key.revoke" and made["address"] == "127.0.0.1"
    assert [one["action"] for one in known.audit.about(boss.id, 10)] == ["admin.login"]


def test_a_key_is_written_down_before_it_is_made_or_revoked(known: Services, boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is killed in between: there is no deed without its entry."""

    def killed(*_: object) -> None:
        raise RuntimeError

    by = Audited(boss, "192.0.2.7")
    record, _ = known.keys.make(by, "a key", ["read"], None)
    monkeypatch.setattr(ApiKeys, "add", killed)
    monkeypatch.setattr(ApiKeys, "revoke", killed)
    with pytest.raises(RuntimeError):
        known.keys.make(by, "another", ["read"], None)
    with pytest.raises(RuntimeError):
        known.keys.revoke(by, record.id)
    assert [one["action"] for one in known.audit.about(boss.id, 10)][:3] == ["key.revoke", "key.create", "key.create"]


def test_a_password_and_an_address_are_written_down_before_they_change(
    known: Services, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Users, "replace_password", killed)
    monkeypatch.setattr(Users, "replace_email", killed)
    reset, moving = (
        known.links.make(*asked).rpartition("/")[2] for asked in (("reset", boss), ("change_address", boss, email()))
    )
    by = Audited(boss, "192.0.2.7")
    for deed in (
        lambda: known.accounts.change_password(by, PASSWORD, "a quite new saying"),
        lambda: known.recovery.reset(reset, "a quite new saying", by.address),
        lambda: known.addresses.confirm(moving, by.address),
    ):
        with pytest.raises(RuntimeError):
            deed()
    done = ["email.change", "password.reset", "password.change"]
    assert [one["action"] for one in known.audit.about(boss.id, 10)] == done


def test_a_key_had_back_is_written_down_before_it_works(known: Services, boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise RuntimeError

    by = Audited(boss, "192.0.2.7")
    record, _ = known.keys.make(by, "a key", ["read"], None)
    known.keys.revoke(by, record.id)
    monkeypatch.setattr(ApiKeys, "restore", killed)
    with pytest.raises(RuntimeError):
        known.keys.restore(by, record.id)
    [newest, *_rest] = known.audit.about(boss.id, 10)
    assert (newest["action"], newest["detail"]) == ("key.restore", f"wb_{record.prefix}")


def test_what_one_does_to_the_own_account_is_written_down(
    known: Services, client: FlaskClient, browser: Browser, boss: User
) -> None:
    link = known.links.make("change_address", boss, email())
    client.post("/api/auth/confirm-address", json={"token": link.rpartition("/")[2]})
    moved = known.store.users.get(boss.id)
    assert moved
    begun = known.second_factor.begin(moved)
    factor = {"setup": begun.sealed, "current_password": PASSWORD, "otp": code_at(begun.secret, -1)}
    browser.submit("/settings/second-factor", **factor)
    browser.submit("/settings/second-factor", "/settings/second-factor/off", **{**factor, "otp": code_at(begun.secret)})
    link = known.links.make("reset", moved)
    client.post("/api/auth/reset-password", json={"token": link.rpartition("/")[2], "password": "a quite new saying"})
    found = [(one["actor"]["id"], one["address"], one["action"]) for one in known.audit.about(boss.id, 10)]
    done = ["password.reset", "second_factor.off", "second_factor.on", "email.change", "admin.login"]
    assert found == [(boss.id, "127.0.0.1", one) for one in done]


def test_it_is_narrowed_by_who_what_whom_and_when(known: Services, client: FlaskClient, boss: User) -> None:
    other = known.accounts.create_admin(email(), PASSWORD)
    for by, action, target in [(boss, "user.role", "t1"), (other, "user.role", "t2"), (boss, "user.disable", "t2")]:
        known.audit.note(Audited(by, "192.0.2.7"), action, target=target)
    token = known.identity.token_for(boss, known.identity.open_login(boss, "api"))

    def found(**query: str) -> list[tuple[str, str]]:
        answer = client.get("/api/admin/audit", query_string=query, headers=bearer(token))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return [(one["action"], one["target"]) for one in answer.get_json()["items"] if one["target"].startswith("t")]

    assert found(actor=boss.id) == [("user.disable", "t2"), ("user.role", "t1")]
    assert found(target="t2") == [("user.disable", "t2"), ("user.role", "t2")]
    assert found(action="user.role", actor=other.id) == [("user.role", "t2")]
    assert found(until=(datetime.now(UTC) - timedelta(minutes=1)).isoformat()) == []
    assert len(found(since=(datetime.now(UTC) - timedelta(minutes=1)).isoformat())) == 3
    newest = datetime.fromisoformat(known.audit.about("t2", 1)[0]["at"])
    just_after = newest + timedelta(milliseconds=1)
    assert len(found(until=just_after.isoformat())) == 3, "also what happened in the same second before it"
    assert ("user.disable", "t2") not in found(until=newest.isoformat())
    assert found(since=just_after.isoformat()) == []
    assert client.get("/api/admin/audit?since=yesterday", headers=bearer(token)).status_code == 422


def test_the_page_keeps_what_was_asked_over_its_pages(known: Services, browser: Browser, boss: User) -> None:
    for number in range(53):
        known.audit.note(Audited(boss, "192.0.2.7"), "user.role", target=boss.id, detail=f"detail-{number:02d}")
    first = browser.open(f"/admin/audit?action=user.role&actor={boss.email}").get_data(as_text=True)
    assert "detail-52" in first and "detail-02" not in first
    older = re.search(r'href="(/admin/audit\?cursor=[^"]+)"', first)
    assert older and "action=user.role" in older[1]
    assert "detail-02" in browser.open(older[1].replace("&amp;", "&")).get_data(as_text=True)
    today = datetime.now(UTC).date().isoformat()
    assert "detail-52" in browser.open(f"/admin/audit?action=user.role&since={today}&until={today}").get_data(as_text=True)
    assert "Nothing matches" in browser.open("/admin/audit?actor=nobody@example.com").get_data(as_text=True)


def test_it_is_taken_away_whole_and_no_cell_is_a_formula(known: Services, browser: Browser, boss: User) -> None:
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "+12025550123+1"]
    harmless = ['a,"b"\nc', "plain", "+12025550123"]
    details = [*hostile, *harmless]
    for number in range(502):
        detail = details[number] if number < len(details) else f"{number}"
        known.audit.note(Audited(boss, "192.0.2.7"), "user.role", target=boss.id, detail=detail)
    answer = browser.open("/admin/audit/export.csv?action=user.role")
    assert "attachment" in answer.headers["Content-Disposition"] and answer.content_type.startswith("text/csv")
    found = rows(answer.get_data(as_text=True))
    assert len(found) == 502 and found[0]["actor_email"] == boss.email
    expected = [*(f"'{one}" for one in hostile), *harmless]
    assert [row["detail"] for row in reversed(found)][: len(expected)] == expected
    assert [len(one) for one in known.audit.everything(AuditFilter(action="user.role"))] == [500, 2], "a chunk at a time"
    lines = browser.open("/admin/audit/export.jsonl?action=user.role").get_data(as_text=True).splitlines()
    assert len(lines) == 502 and json.loads(lines[-1])["detail"] == "=1+1"
    assert browser.open("/admin/audit/export.xml").status_code == 404
    assert known.audit.page(AuditFilter(action="audit.export"), limit=10, cursor=None).items[0].detail == "jsonl"


def test_of_who_is_gone_the_id_is_left(known: Services, browser: Browser, client: FlaskClient, boss: User) -> None:
    user = register(client)["user"]
    known.audit.note(Audited(boss, "192.0.2.7"), "user.role", target=user["id"])
    assert user["email"] in browser.open("/admin/audit").get_data(as_text=True)
    known.store.users.remove(user["id"])
    shown = browser.open("/admin/audit").get_data(as_text=True)
    assert user["email"] not in shown and user["id"] in shown
    stored = [str(one) for one in known.store._db["audit"].find()]
    assert not any("@" in one for one in stored), "no address is kept"


def test_nothing_changes_or_removes_an_entry() -> None:
    """The one module that knows the collection only adds and reads."""
    code = (Path(__file__).parent.parent / "wabot" / "store" / "audit.py").read_text()
    assert not re.findall(r"\.(update|replace|delete|drop|find_one_and|bulk_write|aggregate)\w*\(", code)
    others = [one for one in (Path(__file__).parent.parent / "wabot").rglob("*.py") if '["audit"]' in one.read_text()]
    assert [one.name for one in others] == ["audit.py"]


def test_every_action_that_has_words_is_written_down_somewhere_and_the_other_way_round() -> None:
    wabot = Path(__file__).parent.parent / "wabot"
    code = "\n".join(one.read_text() for one in wabot.rglob("*.py") if one != wabot / "services" / "audit.py")
    written = {
        action for call in re.findall(r"[.]note[d]?(?:_once)?\((.*)", code) for action in re.findall(r'"(\w+\.\w+)"', call)
    }
    assert written == set(ACTIONS)
