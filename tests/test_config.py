"""Settings: bad values are refused by name, production refuses what is insecure."""

from __future__ import annotations

from pathlib import Path

import pytest

from wabot.config import ConfigError, load

SECURE = {
    "WABOT_ENV": "production",
    "SECRET_KEY": "k" * 32,
    "PUBLIC_URL": "https://wabot.example.com/",
    "METRICS_TOKEN": "m" * 16,
}


def problems(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(ConfigError) as refused:
        load(environ)
    return refused.value.problems


def test_nothing_set_is_a_local_start() -> None:
    settings = load({})
    assert (settings.env, settings.port, settings.sandbox) == ("local", 8000, True)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.data.is_absolute()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WABOT_ENV", "prod"),
        ("WABOT_PORT", "eighty"),
        ("WABOT_PORT", "0"),
        ("WABOT_SANDBOX", "perhaps"),
        ("WABOT_DEFAULT_NETWORK", "moon"),
        ("SMTP_URL", "mail.example.com"),
        ("MONGO_URI", "mongodb://127.0.0.1"),
        ("TRUSTED_PROXIES", "-1"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://user:p/w@mail.example.com"),
        ("SMTP_URL", "smtp://mail.example.com:none"),
        ("PUBLIC_URL", "wabot.example.com"),
        ("PUBLIC_URL", "javascript:alert(1)"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://wabot.example.com/?x=1"),
        ("PUBLIC_URL", "https://example.com/wabot"),
        ("WABOT_ADMIN_EMAIL", "admin"),
        ("WABOT_ADMIN_PASSWORD", "short"),
        ("MONGO_URI", "http://127.0.0.1/wabot"),
        ("MONGO_URI", "mongodb://127.0.0.1:99999/wabot"),
        ("MONGO_URI", "mongodb://user:p/w@127.0.0.1/wabot"),
        ("MONGO_URI", "mongodb+srv:///wabot"),
        ("REDIS_URL", "redis://127.0.0.1:99999"),
        ("REDIS_URL", "unix://"),
        ("WA_BAILEYS_URL", "http://127.0.0.1:1"),
        ("WA_BAILEYS_URL", "ws://"),
        ("WA_CHROMIUM_ARGS", "--user-agent='wabot"),
        ("WABOT_WEBHOOK_ALLOW", "http://127.0.0.1"),
        ("WABOT_WEBHOOK_ALLOW", "hooks.internal, 127.0.0.1:3000"),
        ("WABOT_WEBHOOK_ALLOW", "*"),
    ],
)
def test_bad_values_are_refused_by_name(name: str, value: str) -> None:
    assert name in problems({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGO_URI", "mongodb://user:p%2Fw@one:27017,two:27018/wabot?replicaSet=rs0"),
        ("MONGO_URI", "mongodb+srv://user:pw@cluster.example.com/wabot"),
        ("REDIS_URL", "rediss://:secret@redis.internal:6380/1"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("WA_BAILEYS_URL", "ws://127.0.0.1:1/ws/chat"),
        ("WA_CHROMIUM_ARGS", "--lang=en --user-agent='wa bot'"),
        ("WABOT_WEBHOOK_ALLOW", "127.0.0.1, hooks.internal,[::1],::1,"),
    ],
)
def test_values_of_every_good_form_are_taken(name: str, value: str) -> None:
    load({name: value})


def test_what_is_wrong_with_an_address_is_said_without_its_password() -> None:
    for name, value in (("MONGO_URI", "mongodb://u:geheim@h:99999/wabot"), ("REDIS_URL", "redis://:geheim@h:99999")):
        assert "geheim" not in problems({name: value})[name]


def test_all_problems_are_named_at_once() -> None:
    assert set(problems({"WABOT_PORT": "x", "GATEWAY_PORT": "y"})) == {"WABOT_PORT", "GATEWAY_PORT"}
    together = {"METRICS_TOKEN": "short", "PUBLIC_URL": "http://wabot.example.com", "WABOT_WEBHOOK_ALLOW": "127.0.0.1"}
    assert set(problems({**SECURE, **together})) == together.keys(), "one by itself, the others since it is production"
    assert set(problems({"WABOT_ENV": "prod", "WABOT_HOST": "0.0.0.0"})) == {"WABOT_ENV"}, "who knows what it was to be"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WABOT_PORT", "eighty", "is not a whole number"),
        ("WABOT_PORT", "99999", "should be less than or equal to 65535"),
        ("WABOT_SANDBOX", "perhaps", "is neither 1 nor 0"),
        ("WABOT_ENV", "prod", "should be 'local' or 'production'"),
        ("METRICS_TOKEN", "short", "should have at least 16 characters"),
        ("SMTP_URL", "mail.example.com", "doesn't look like smtp://user:password@mail.example.com:587"),
        ("REDIS_URL", "127.0.0.1", "doesn't look like redis://127.0.0.1:6379/0"),
        ("WABOT_WEBHOOK_RETRIES", "soon", "doesn't look like 0,5,30,120"),
        ("WABOT_DEFAULT_ENGINE", "Web JS", "doesn't look like webjs"),
    ],
)
def test_what_is_wrong_is_said_in_words_for_people(name: str, value: str, words: str) -> None:
    assert problems({name: value})[name] == words


def test_production_is_accepted_when_secure() -> None:
    settings = load(SECURE)
    assert settings.public_url == "https://wabot.example.com"
    assert settings.sandbox is False


@pytest.mark.parametrize("name", ["SECRET_KEY", "PUBLIC_URL", "METRICS_TOKEN"])
def test_production_needs_its_secrets(name: str) -> None:
    assert name in problems({key: value for key, value in SECURE.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "http://wabot.example.com"),
        ("PUBLIC_URL", "https://"),
        ("SECRET_KEY", "k" * 31),
        ("METRICS_TOKEN", "m" * 15),
        ("WABOT_ADMIN_PASSWORD", "Admin@7501"),
        ("WABOT_WEBHOOK_ALLOW", "127.0.0.1"),
        ("WA_BAILEYS_URL", "ws://127.0.0.1:1"),
    ],
)
def test_production_refuses_what_is_insecure(name: str, value: str) -> None:
    assert name in problems({**SECURE, name: value})


def test_the_default_admin_stays_on_loopback() -> None:
    assert "WABOT_HOST" in problems({"WABOT_HOST": "0.0.0.0"})
    assert load({"WABOT_HOST": "0.0.0.0", "WABOT_ADMIN_PASSWORD": "something else"}).host == "0.0.0.0"


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 40 + "\n")
    assert load({"SECRET_KEY_FILE": str(secret)}).secret("secret_key") == "s" * 40
    assert "SECRET_KEY_FILE" in problems({"SECRET_KEY_FILE": str(tmp_path / "missing")})
    secret.write_bytes(b"\xff" * 40)
    assert problems({"SECRET_KEY_FILE": str(secret)}) == {"SECRET_KEY_FILE": f"{secret} is not text"}
