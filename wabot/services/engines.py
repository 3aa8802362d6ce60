"""The engines there are, and which of them may be used where."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..config import Settings
from ..errors import GatewayUnavailable, Invalid
from ..lib.fresh import Fresh
from ..lib.gateway import Gateway
from ..words import N_, Text

_TITLES = {"webjs": N_("whatsapp-web.js (a browser)"), "baileys": N_("Baileys (light)")}
_FRESH_SECONDS = 5.0


@dataclass(frozen=True)
class Engine:
    """`light`: without a browser. `experimental`: refused on the live network until the operator allows it."""

    name: str
    title: str
    light: bool = False
    experimental: bool = False


def title_of(name: str) -> str:
    """For people; of an engine that isn't known here, its name."""
    return _TITLES.get(name, name)


class Engines:
    """What the gateway has found; while it is away, what it said last, and before that the default one."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._known = [_engine({"name": settings.default_engine})]
        self._fresh = Fresh(_FRESH_SECONDS, self._ask)

    def all(self) -> list[Engine]:
        return self._fresh.get()

    def names(self) -> list[str]:
        return [one.name for one in self.all()]

    def offered(self, network: str) -> list[Engine]:
        return [one for one in self.all() if self._allowed(one, network)]

    def light(self, name: str) -> bool:
        return any(one.light for one in self.all() if one.name == name)

    def check(self, name: str, network: str) -> None:
        """Raises Invalid for the field `engine`."""
        found = next((one for one in self.all() if one.name == name), None)
        if found is None:
            raise Invalid.field("engine", Text("choose from %(choices)s", choices=", ".join(self.names())))
        if not self._allowed(found, network):
            raise Invalid.field(
                "engine", "is experimental: on the live network the operator has to allow it first (WA_BAILEYS_LIVE)"
            )

    def _allowed(self, engine: Engine, network: str) -> bool:
        return network == "sandbox" or not engine.experimental or self._settings.light_on_live

    def _ask(self) -> list[Engine]:
        with suppress(GatewayUnavailable):
            self._known = [_engine(one) for one in self._gateway.engines()]
        return self._known


def _engine(found: dict[str, Any]) -> Engine:
    name = str(found["name"])
    return Engine(name, title_of(name), bool(found.get("light")), bool(found.get("experimental")))
