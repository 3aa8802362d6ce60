"""Client of the gateway (`node_wa/server.js`); the protocol stands in docs/internals.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from ..errors import Conflict, GatewayUnavailable
from .loopback import LoopbackClient, Problem, Unreachable

Snapshot = dict[str, Any]
Claim = Mapping[str, Any]
"""{epoch, until}: the right to serve a session's lane; the gateway refuses one with a lower epoch than it has seen, or a past end."""
_T = TypeVar("_T")

COMMAND_TIMEOUT = 5.0
LOGOUT_TIMEOUT = 25.0
"""Seconds: WhatsApp may take 5 to hear of it, the browser 10 to end, a large profile a few to be wiped."""
CHECK_TIMEOUT = 12.0
FIND_TIMEOUT = 20.0
MEDIA_TIMEOUT = 70.0
"""Seconds; the gateway gives up after 60."""
BATCH_TIMEOUT = 90.0
"""Seconds; a page takes milliseconds for a message, and gives up by itself after 30 seconds."""


@dataclass(frozen=True)
class Accepted:
    """The engine took the message: its WhatsApp id and the ack seen so far (`pending sent delivered read failed`)."""

    wa_message_id: str
    ack: str


class NotHandedOver(Exception):
    """Surely nothing went out. `permanent` says whether trying again can't help."""

    def __init__(self, code: str, detail: str, *, permanent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.permanent = permanent


@dataclass(frozen=True)
class FetchedMedia:
    """A file that lies under `WABOT_DATA/media/incoming/<file>`, whole and durable."""

    file: str
    size: int
    sha256: str


class MediaRefused(Exception):
    """There is no file now; `code` says why, as in docs/internals.md, or `gateway_unavailable`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OutcomeUnknown(Exception):
    """It may have gone out or not: look into WhatsApp (`find`) before anything else."""


Outcome = Accepted | NotHandedOver | OutcomeUnknown
"""What became of one message of a batch."""


class Gateway:
    """Every call has a deadline; those that answer people raise GatewayUnavailable when the gateway is away."""

    def __init__(self, client: LoopbackClient) -> None:
        self._client = client

    def alive(self) -> bool:
        return self._client.alive()

    def engines(self) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], self._asked(lambda: self._client.call("GET", "/engines", timeout=2.0))["items"])

    def sessions(self) -> list[Snapshot]:
        """Snapshots of all sessions the gateway holds."""
        return cast(list[Snapshot], self._asked(lambda: self._client.call("GET", "/sessions", timeout=2.0))["items"])

    def start(self, session_id: str, order: dict[str, Any], correlation_id: str | None = None) -> Snapshot:
        """`order`: engine, network, method, phone, epoch. Harmless when already started with this epoch."""
        return self._command("PUT", f"/sessions/{session_id}", order, COMMAND_TIMEOUT, correlation_id)

    def logout(self, session_id: str, order: dict[str, Any], correlation_id: str | None = None) -> Snapshot:
        """Returns when the login is gone at WhatsApp (if reachable), the browser has ended and the profile is wiped."""
        return self._command("POST", f"/sessions/{session_id}/logout", order, LOGOUT_TIMEOUT, correlation_id)

    def stop(self, session_id: str, epoch: int, correlation_id: str | None = None) -> None:
        """Ends the browser, keeps the login; harmless when the gateway doesn't hold the session."""
        try:
            self._command("POST", f"/sessions/{session_id}/stop", {"epoch": epoch}, LOGOUT_TIMEOUT, correlation_id)
        except Problem as problem:
            if problem.code != _NOT_HELD:
                raise

    def send(self, session_id: str, epoch: int, claim: Claim, messages: list[dict[str, Any]]) -> list[Outcome]:
        """Hand messages over, in order: each {id, to, body, wa_message_id, correlation_id}, 25 at most.

        NotHandedOver `stale_claim`: the session's lane is another worker's by now, or its lease has run out.
        One outcome a message that was tried, in their order; after one that could not be handed over none was tried.
        """
        body = {"epoch": epoch, "claim": claim, "messages": messages}
        try:
            answer = self._client.call("POST", f"/sessions/{session_id}/batches", body, timeout=BATCH_TIMEOUT)
        except Problem as problem:
            if problem.code == _UNREADABLE and len(messages) > 1:
                return self._send_alone(session_id, epoch, claim, messages)
            refusal = _refusal(problem.code, problem.detail)
            return [refusal] * (len(messages) if isinstance(refusal, OutcomeUnknown) else 1)
        except Unreachable as error:
            if error.maybe_arrived:
                return [OutcomeUnknown(str(error)) for _ in messages]
            return [NotHandedOver("gateway_unavailable", GatewayUnavailable.title, permanent=False)]
        return [_outcome(result) for result in answer["results"]]

    def _send_alone(self, session_id: str, epoch: int, claim: Claim, messages: list[dict[str, Any]]) -> list[Outcome]:
        """One of them can't be read, and had all refused before any was tried: it is not for the others to answer for it."""
        outcomes: list[Outcome] = []
        for message in messages:
            outcomes += self.send(session_id, epoch, claim, [message])
            last = outcomes[-1]
            if not (isinstance(last, Accepted) or (isinstance(last, NotHandedOver) and last.permanent)):
                break
        return outcomes

    def find(self, session_id: str, claim: Claim, order: dict[str, Any], correlation_id: str) -> list[Accepted]:
        """Look a message up in WhatsApp: `order` wa_message_id, to, body, since. Empty when it isn't there.

        Where the engine can't choose ids it is one of those that are given, oldest first, or none of them.

        Raises OutcomeUnknown when it can't be asked now, NotHandedOver `stale_claim` when it isn't ours to ask any more.
        """
        body = {**order, "claim": claim}
        try:
            answer = self._client.call(
                "POST", f"/sessions/{session_id}/find", body, timeout=FIND_TIMEOUT, correlation_id=correlation_id
            )
        except (Problem, Unreachable) as error:
            if isinstance(error, Problem) and error.code == STALE_CLAIM:
                raise _refusal(error.code, error.detail) from error
            raise OutcomeUnknown(str(error)) from error
        found = [answer] if answer["found"] else answer.get("alike", [])
        return [Accepted(one["wa_message_id"], one["ack"]) for one in found]

    def exists(self, session_id: str, phone: str, correlation_id: str) -> bool:
        """Whether a number is on WhatsApp. Raises Conflict `session_not_connected`, and GatewayUnavailable, also when WhatsApp is silent."""
        path = f"/sessions/{session_id}/check"
        try:
            answer = self._client.call("POST", path, {"phone": phone}, timeout=CHECK_TIMEOUT, correlation_id=correlation_id)
        except Unreachable as error:
            raise GatewayUnavailable from error
        except Problem as problem:
            if problem.status < 500:
                raise Conflict(problem.detail, code="session_not_connected") from problem
            raise GatewayUnavailable("WhatsApp did not answer.") from problem
        return bool(answer["exists"])

    def media(self, session_id: str, wanted: dict[str, Any]) -> FetchedMedia:
        """Fetch a message's file: `wanted` wa_message_id, chat {phone, lid}, from_me, max_bytes. Raises MediaRefused."""
        try:
            answer = self._client.call("POST", f"/sessions/{session_id}/media", wanted, timeout=MEDIA_TIMEOUT)
        except Problem as problem:
            raise MediaRefused(problem.code) from problem
        except Unreachable as error:
            raise MediaRefused("gateway_unavailable") from error
        return FetchedMedia(answer["file"], answer["size"], answer["sha256"])

    def seen(self, session_id: str, chat: dict[str, str | None]) -> bool:
        """Tell WhatsApp that a chat {phone, lid} was read. Raises GatewayUnavailable, or Problem where the engine can't."""
        path = f"/sessions/{session_id}/seen"
        answer = self._asked(lambda: self._client.call("POST", path, {"chat": chat}, timeout=COMMAND_TIMEOUT))
        return bool(answer["seen"])

    def _command(self, method: str, path: str, body: object, timeout: float, correlation_id: str | None) -> Snapshot:
        def call() -> Any:
            return self._client.call(method, path, body, timeout=timeout, correlation_id=correlation_id)

        return cast(Snapshot, self._asked(call))

    def _asked(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except Unreachable as error:
            raise GatewayUnavailable from error
        except Problem as problem:
            if problem.status >= 500:
                raise GatewayUnavailable(problem.detail) from problem
            raise


STALE_CLAIM = "stale_claim"
_NOT_HELD = "session_not_found"
STALE_EPOCH = "stale_epoch"
_UNKNOWN_OUTCOMES = {"outcome_unknown", "internal"}
_UNREADABLE = "invalid_body"
_PERMANENT = {"not_on_whatsapp", "not_supported_by_engine", "message_too_long", _UNREADABLE}


def _outcome(result: dict[str, Any]) -> Outcome:
    if "code" in result:
        return _refusal(str(result["code"]), str(result.get("detail", "")))
    return Accepted(result["wa_message_id"], result["ack"])


def _refusal(code: str, detail: str) -> NotHandedOver | OutcomeUnknown:
    if code in _UNKNOWN_OUTCOMES:
        return OutcomeUnknown(code)
    return NotHandedOver("not_supported_by_engine" if code == _UNREADABLE else code, detail, permanent=code in _PERMANENT)
