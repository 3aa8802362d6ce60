"""Every setting of wabot: one field here, read once from the environment, checked once at the start.

A setting is named in the environment by its alias; `NAME_FILE` may name a file that holds the value instead (for secrets).
Bad values never reach the program: `load` raises `ConfigError` that lists every one of them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from . import config_checks
from .words import N_

DEFAULT_ADMIN_EMAIL = "admin@admin.com"
DEFAULT_ADMIN_PASSWORD = "Admin@7501"  # noqa: S105  # the documented first login of a local start; production refuses it

SPECIAL_USE_DOMAIN_NAMES.clear()  # a self-hosted wabot may well live on an intranet: name@office.local is fine


def email_address(text: str) -> str:
    """Lower case, checked for form only. Raises ValueError that says what is wrong."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(N_("is not an email address, such as name@example.com")) from error
    return checked.normalized.lower()


_read_once = cache(Path.read_text)
"""For secrets: they are needed with each request and never change while we run."""

Port = Annotated[int, Field(ge=1, le=65535)]


class ConfigError(Exception):
    """The environment can't be used. `problems` maps the setting's name to what is wrong with it."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in problems.items()))
        self.problems = problems

    @property
    def report(self) -> str:
        """For a terminal."""
        return "\n".join(["wabot can't start with these settings:", *(f"  {name}: {why}" for name, why in self.problems.items())])


class Settings(BaseModel):
    """What the environment says, checked. Paths are absolute."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=False)

    env: Literal["local", "production"] = Field(
        "local", alias="WABOT_ENV", description="`production` refuses every insecure setting, by name"
    )
    host: str = Field("127.0.0.1", alias="WABOT_HOST", description="where web listens")
    port: Port = Field(8000, alias="WABOT_PORT", description="where web listens")
    data: Path = Field(
        Path("./var"), alias="WABOT_DATA", description="where everything is kept: database, WhatsApp profiles, journals, logs"
    )
    secret_key: str | None = Field(
        None,
        alias="SECRET_KEY",
        min_length=16,
        description="signs cookies and tokens; API keys and second factors can't be checked with another; local: made at the first start, "
        "in `WABOT_DATA/secrets`",
    )
    public_url: str = Field(
        "",
        alias="PUBLIC_URL",
        description="the address people open, from which links in mails are made; local: `http://HOST:PORT`",
    )
    trusted_proxies: int = Field(
        0, alias="TRUSTED_PROXIES", ge=0, le=10, description="how many proxies in front are to be trusted"
    )
    metrics_token: str | None = Field(
        None, alias="METRICS_TOKEN", min_length=16, description="bearer token for `/metrics`; required in production"
    )
    mongo_uri: str | None = Field(None, alias="MONGO_URI", description="any MongoDB; if unset, the embedded database is used")
    redis_url: str | None = Field(
        None,
        alias="REDIS_URL",
        pattern=r"^(rediss?|unix)://",
        examples=["redis://127.0.0.1:6379/0"],
        description="for several web processes: Socket.IO queue and limiter storage; needed as soon as there are two, since a single one "
        "caches what it reads for a moment",
    )
    admin_email: Annotated[str, AfterValidator(email_address)] = Field(
        DEFAULT_ADMIN_EMAIL, alias="WABOT_ADMIN_EMAIL", description="the first admin"
    )
    admin_password: str = Field(
        DEFAULT_ADMIN_PASSWORD, alias="WABOT_ADMIN_PASSWORD", min_length=8, description="the first admin's password"
    )
    sandbox: bool = Field(
        True, alias="WABOT_SANDBOX", description="run the sandbox and offer test mode; default 1 in local, 0 in production"
    )
    default_network: Literal["live", "sandbox"] = Field(
        "live", alias="WABOT_DEFAULT_NETWORK", description="the network of sessions that name none"
    )
    default_engine: str = Field(
        "webjs",
        alias="WABOT_DEFAULT_ENGINE",
        pattern=r"^[a-z][a-z0-9_]{0,30}$",
        examples=["webjs"],
        description="the engine of sessions that name none",
    )
    sandbox_port: Port = Field(8090, alias="SANDBOX_PORT", description="the sandbox's control API, loopback only")
    gateway_port: Port = Field(8070, alias="GATEWAY_PORT", description="the gateway, loopback only")
    smtp_url: str | None = Field(
        None,
        alias="SMTP_URL",
        examples=["smtp://user:password@mail.example.com:587"],
        pattern=r"^smtps?://",
        description="the mail server; if unset in local, mails become files in `WABOT_DATA/mail`",
    )
    chromium_path: Path | None = Field(None, alias="CHROMIUM_PATH", description="the browser; if unset, it is looked for")
    chromium_args: str = Field(
        "", alias="WA_CHROMIUM_ARGS", description="arguments added to the browser's command line on the live network"
    )
    media_limit_mb: int = Field(
        32, alias="WABOT_MEDIA_LIMIT_MB", ge=1, le=200, description="the largest file that is fetched for an incoming message"
    )
    media_quota_mb: int = Field(
        2048, alias="WABOT_MEDIA_QUOTA_MB", ge=1, le=1_000_000, description="how much space all files of a user may take"
    )
    webhook_allow: str = Field(
        "", alias="WABOT_WEBHOOK_ALLOW", description="comma-separated private hosts webhooks may reach; local only"
    )
    webhook_retries: str = Field(
        "0,5,30,120,300,1800,7200,18000,36000",
        alias="WABOT_WEBHOOK_RETRIES",
        pattern=r"^\d{1,6}(\.\d{1,3})?(,\d{1,6}(\.\d{1,3})?){0,19}$",
        examples=["0,5,30,120"],
        description="seconds before each attempt to deliver a webhook, counted from the previous one",
    )
    webhook_keep_days: int = Field(
        14,
        alias="WABOT_WEBHOOK_KEEP_DAYS",
        ge=6,
        le=365,
        description="how long events and the log of webhook deliveries are kept",
    )
    baileys_url: str | None = Field(
        None, alias="WA_BAILEYS_URL", description="WebSocket URL for Baileys on the live network, tests only"
    )

    baileys_live: bool = Field(
        False, alias="WA_BAILEYS_LIVE", description="allow the light engine, which is experimental, on the live network"
    )

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def reachable(self) -> bool:
        """Whether others than who sits at this machine may get at the login."""
        return self.production or not config_checks.is_loopback(self.host)

    @property
    def light_on_live(self) -> bool:
        """Whether experimental engines may be used on the live network; never the real one where WA_BAILEYS_URL stands in for it."""
        return self.baileys_live or self.baileys_url is not None

    @property
    def webhook_allowed_hosts(self) -> frozenset[str]:
        return frozenset(one for one in (part.strip() for part in self.webhook_allow.split(",")) if one)

    @property
    def internal_url(self) -> str:
        """Where the other processes of this machine reach web's `/internal`."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "localhost") else self.host  # noqa: S104
        return f"http://{_bracketed(host)}:{self.port}"

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def default_admin_in_force(self) -> bool:
        return self.admin_password == DEFAULT_ADMIN_PASSWORD

    @property
    def sends_mail(self) -> bool:
        """To a server, or in local to files."""
        return self.smtp_url is not None or not self.production

    def secret(self, name: Literal["secret_key", "gateway_secret", "internal_secret", "engine_secret"]) -> str:
        """A secret of this installation. Raises ConfigError when the launcher has not made it yet."""
        if name == "secret_key" and self.secret_key:
            return self.secret_key
        path = self.data / "secrets" / name
        try:
            return _read_once(path).strip()
        except OSError as error:
            raise ConfigError({"WABOT_DATA": f"{path} can't be read ({error.strerror}); `make run` makes it"}) from error

    @property
    def database_uri(self) -> str:
        """`MONGO_URI`, or the embedded database's address as the launcher wrote it down."""
        if self.mongo_uri:
            return self.mongo_uri
        path = self.data / "run" / "db.port"
        try:
            port = int(path.read_text())
        except (OSError, ValueError) as error:
            raise ConfigError(
                {"MONGO_URI": f"unset, and {path} doesn't name the embedded database's port; start with `make run`"}
            ) from error
        return f"mongodb://127.0.0.1:{port}/wabot?directConnection=true&retryWrites=false"

    @model_validator(mode="after")
    def _check_together(self) -> Settings:
        if found := config_checks.problems(self):
            raise config_checks.Together(found)
        return self


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def fields() -> list[tuple[str, FieldInfo]]:
    """Every setting as (name in the environment, field), for the docs and their test."""
    return [(field.alias or name, field) for name, field in Settings.model_fields.items()]


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings. Raises ConfigError naming every bad one."""
    given, problems = _read(environ)
    if problems := _problems(given) | problems:
        raise ConfigError(problems)
    return Settings.model_validate(_complete(given))


def _complete(given: Mapping[str, str]) -> dict[str, str]:
    """With what follows from other settings."""
    values = dict(given)
    values.setdefault("WABOT_SANDBOX", "0" if values.get("WABOT_ENV") == "production" else "1")
    if values.get("WABOT_ENV") != "production":
        host, port = values.get("WABOT_HOST", "127.0.0.1"), values.get("WABOT_PORT", "8000")
        values.setdefault("PUBLIC_URL", f"http://{_bracketed(host)}:{port}")
    values["WABOT_DATA"] = str(Path(values.get("WABOT_DATA", "./var")).expanduser().absolute())
    values["PUBLIC_URL"] = values.get("PUBLIC_URL", "").rstrip("/")
    return values


def _problems(given: Mapping[str, str]) -> dict[str, str]:
    """Of each by itself, then of the others together. Never the error's own text: it shows the values."""
    try:
        Settings.model_validate(_complete(given))
    except ValidationError as error:
        found = _by_name(error)
        together = not error.errors()[0]["loc"]
        if together or "WABOT_ENV" in found:
            return found
        return _problems({name: value for name, value in given.items() if name not in found}) | found
    return {}


def _read(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The raw values, from NAME or the file NAME_FILE names; an empty value is an unset one."""
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, _ in fields():
        if environ.get(name):
            values[name] = environ[name]
        elif path := environ.get(f"{name}_FILE"):
            try:
                values[name] = Path(path).read_text().strip()
            except OSError as error:
                problems[f"{name}_FILE"] = f"{path} can't be read: {error.strerror}"
            except UnicodeDecodeError:
                problems[f"{name}_FILE"] = f"{path} is not text"
    return values, problems


def _by_name(error: ValidationError) -> dict[str, str]:
    problems: dict[str, str] = {}
    for one in error.errors(include_url=False, include_input=False):
        context: Any = one.get("ctx", {}).get("error")
        if isinstance(context, config_checks.Together):
            problems.update(context.problems)
        else:
            name = str(one["loc"][0])
            example = (dict(fields())[name].examples or [""])[0]
            problems[name] = config_checks.in_words(one["type"], one["msg"], example)
    return problems
