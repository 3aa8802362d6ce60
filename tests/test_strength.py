"""Which passwords are too easy, what the answer says, and what may not be refused."""

from __future__ import annotations

import time

import pytest
from flask.testing import FlaskClient

from tests.support.web import email
from wabot.lib.strength import weakness

OWNER = ("alice.smith@example.com", "Alice Smith")


@pytest.mark.parametrize(
    "password",
    [
        "password", "12345678", "qwertyuiop", "password123", "Password1", "P@ssw0rd", "test1234", "aaaaaaaa", "abcabcabcabc", "iloveyou1",
        "20011231", "alice.smith", "Alice.Smith", "alicesmith", "alice.smith@example.com", "alice.smith@example", "Smith@Example",
        "a" * 200,
    ],
)  # fmt: skip
def test_what_is_guessed_at_once_is_refused_with_a_word_that_helps(password: str) -> None:
    why = weakness(password, OWNER)
    assert why and "Use a few words in a row" in why


@pytest.mark.parametrize(
    "password",
    [
        "correct horse", "correct horse battery staple", "Passw0rd!x", "S3cret-pass-1", "Admin@7501", "Secret123!", "pw-alice-1", "xkcd 936",
        "long enough", "passwort und noch etwas", "пароль для меня", "1" * 40 + " but then something else",
    ],
)  # fmt: skip
def test_what_takes_days_is_taken_without_rules_of_composition(password: str) -> None:
    assert weakness(password, OWNER) is None


@pytest.mark.parametrize("password", ["a" * 256, "Ab1!" * 64, "password" * 32, "\U0001f40e" * 256])
def test_a_long_password_costs_little(password: str) -> None:
    started = time.perf_counter()
    weakness(password, OWNER)
    assert time.perf_counter() - started < 0.5, "some 10 ms alone; by all its characters it would be many seconds"


def test_a_name_that_is_none_costs_little() -> None:
    def cost(name: str) -> float:
        started = time.thread_time()
        weakness("correct horse", (*OWNER, name))
        return time.thread_time() - started

    hostile = " ".join(map(str, range(80_000)))
    assert min(cost(hostile) for _ in range(5)) < 8 * min(cost("Alice") for _ in range(5))


def test_the_answer_names_the_field(client: FlaskClient) -> None:
    answer = client.post("/api/auth/register", json={"email": email(), "password": "iloveyou"})
    (problem,) = answer.get_json()["errors"]
    assert (answer.status_code, problem["field"]) == (422, "password")
    assert "most common" in problem["detail"]
