"""The words for people behind every reason and error code: what happened, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from ..words import N_, Text, listed

SESSION_REASONS: dict[str, str] = {
    "whatsapp_unreachable": N_("WhatsApp can't be reached. Check this server's internet connection; then try again."),
    "launch_failed": N_(
        "The browser could not be started. Try again; if it persists, the administrator finds the cause in the gateway's log."
    ),
    "auth_timeout": N_("WhatsApp Web did not finish loading in time. Try again in a moment."),
    "qr_not_scanned": N_(
        "The code was not scanned in time, so the session went to sleep. Show a new code when you have your phone at hand."
    ),
    "unlinked_on_phone": N_("Your phone removed this device. Link it again by scanning a new code."),
    "logged_out": N_("WhatsApp ended this login. Link it again by scanning a new code."),
    "opened_elsewhere": N_("WhatsApp is in use in another window with this login."),
    "browser_ended": N_("The browser ended unexpectedly and is being restarted."),
    "page_crashed": N_("The WhatsApp page crashed and is being reloaded."),
    "memory_limit": N_("The browser used too much memory and is being restarted."),
    "page_hung": N_("The WhatsApp page stopped answering and is being restarted."),
    "connection_lost": N_("The connection to WhatsApp was lost; it is being restored."),
    "host_ended": N_("The process that runs this session ended and is being restarted."),
    "gateway_away": N_("The WhatsApp gateway is being restarted; the session comes back by itself."),
    "account_disabled": N_(
        "The account was disabled by an administrator. The login at WhatsApp is kept; the session comes back with the account."
    ),
    "disconnecting": N_(
        "The session is being disconnected; while the gateway is away this waits, and is done as soon as it is back."
    ),
    "not_observed": N_(
        "Nothing has been heard from the session for some seconds; it comes back by itself, or its status will say why not."
    ),
    "login_damaged": N_(
        "The stored login can't be read: it is damaged, or belongs to another installation. Disconnect, then link it again."
    ),
    "database_away": N_("The database did not answer, so the session rests; it comes back by itself."),
    "engine_not_allowed": N_("This engine is not allowed on the live network. Ask the administrator, or choose another engine."),
    "unknown_engine": N_("This session's engine is not installed here any more. Choose another, or ask the administrator."),
    "whatsapp_changed": N_(
        "WhatsApp Web changed, and this version of wabot can't use all of it. Ask the administrator for an update."
    ),
    "out_of_restarts": N_("It failed too often in a row, so wabot stopped trying. Try again, or disconnect and link again."),
    "events_backed_up": N_("Too many events wait to be stored, so the session rests; it comes back by itself."),
    "sandbox_unavailable": N_("The sandbox is not running. It is being restarted; try again in a moment."),
    "engine_error": N_("The WhatsApp engine reported a problem. Try again; if it persists, disconnect and link again."),
}

_NO_QR: dict[str, str] = {
    "disconnected": N_(
        "There is no QR code to scan: the session is disconnected. Start it first, with POST /api/whatsapp/initialize."
    ),
    "starting": N_("There is no QR code to scan yet: the session is starting. Ask again in a second."),
    "pairing": N_("There is no QR code to scan: the session waits for its pairing code to be typed on the phone."),
    "connected": N_("There is no QR code to scan: the session is connected already."),
}
"""By the session's status."""
_NO_QR_IN = N_("There is no QR code to scan: the session is %(status)s.")

MESSAGE_ERRORS: dict[str, str] = {
    "not_on_whatsapp": N_("This number is not on WhatsApp."),
    "message_too_long": N_("The message is longer than WhatsApp allows."),
    "session_logged_out": N_("The WhatsApp session was disconnected before the message could be sent."),
    "account_changed": N_("The session was linked with another WhatsApp account before the message could be sent."),
    "outcome_unknown": N_("It could not be determined whether it went out, and its sender gave it up."),
    "engine_error": N_("WhatsApp Web refused the message several times."),
    "rejected_by_whatsapp": N_("WhatsApp did not accept the message."),
    "not_supported_by_engine": N_("This session's engine can't send this."),
}


WAITS: dict[str, str] = {
    "scheduled": N_("Waits for its time."),
    "session_not_connected": N_("Waits until WhatsApp is connected again."),
    "pacing": N_("Waits its turn: there is a gap between a number's messages, so that WhatsApp doesn't take it for a spammer's."),
    "queue": N_("Waits its turn: messages that were accepted before it go first."),
    "next": N_("It is being handed over to WhatsApp."),
    "worker_away": N_("wabot's worker, which hands messages over, does not answer; it is being restarted."),
    "back_off": N_("WhatsApp could not take a message just now; it is tried again."),
    "outcome_unknown": N_("Waits for a message before it: WhatsApp is being asked whether that one went out."),
    "daily_cap": N_("This number has sent as much today as the administrator allows; it goes on tomorrow."),
}

WAITED: dict[str, str] = {
    "scheduled": N_("Waited for its time"),
    "session_not_connected": N_("Waited until WhatsApp was connected"),
    "pacing": N_("Waited for the gap after the previous message (pacing)"),
    "daily_cap": N_("Waited for the next day: the number had sent as much as the administrator allows"),
    "back_off": N_("Waited before the next try"),
    "queue": N_("Waited its turn behind the messages before it"),
}
"""What a message has waited for, on its timeline."""

PASSED: dict[str, str] = {
    "engine_error": N_("WhatsApp Web refused it just then; nothing went out. It is tried again."),
    "session_not_connected": N_("The connection was lost before it could be handed over; nothing went out."),
    "gateway_unavailable": N_("The WhatsApp gateway was away; nothing went out."),
    "shutting_down": N_("The WhatsApp gateway was being restarted; nothing went out."),
    "session_not_found": N_("The WhatsApp gateway had just been restarted; nothing went out."),
    "stale_epoch": N_("The session was just being restarted; nothing went out."),
    "busy": N_("Too much was waiting for this session just then; nothing went out."),
    "journal_full": N_("Too many events waited to be stored; nothing went out."),
    "waits for the one before it": N_("A message before it could not be sent, so it waits for that one."),
    "not found in WhatsApp": N_("Looked up in WhatsApp: it had not gone out. It is sent again."),
    "found in WhatsApp": N_("Looked up in WhatsApp: it had gone out."),
    "the hand-over was interrupted; WhatsApp can't be asked yet": N_(
        "The hand-over was interrupted, and WhatsApp can't be asked yet whether it went out."
    ),
    "restored from a backup": N_("wabot was restored from a backup; whether it went out since is being looked up."),
    "sent again by its sender": N_("Its sender decided to send it again."),
    **{code: text for code, text in MESSAGE_ERRORS.items() if code != "engine_error"},
}
"""What a step's detail means, on the timeline."""


_LACKS: dict[str, str] = {
    "send": N_("messages can't be sent"),
    "acks": N_("ticks can't be seen"),
    "incoming": N_("incoming messages can't be seen"),
    "number_check": N_("numbers can't be looked up"),
    "lid_map": N_("the numbers of some senders can't be shown"),
    "find": N_("messages with an unknown outcome can't be looked up"),
    "logout": N_("this device can't be unlinked from here"),
}
"""What a session can't do without an ability of its engine (node_wa/engines/contract.js)."""


def session_reason(code: str | None, missing: Sequence[str] = ()) -> dict[str, str] | None:
    """`{code, text}` as the API shows it; an unknown code still gets a sentence. `missing`: abilities WhatsApp Web took away."""
    if code is None:
        return None
    if code == "whatsapp_changed" and missing:
        return {"code": code, "text": Text("WhatsApp Web changed: %(lacking)s with this version.", lacking=lacking(missing))}
    return {"code": code, "text": SESSION_REASONS.get(code, N_("Something is wrong with the session; try again."))}


def lacking(missing: Sequence[str]) -> str:
    """In the table's order, the gravest first; an ability without words of its own is named."""
    known = [Text(words) for ability, words in _LACKS.items() if ability in missing]
    others = [Text("“%(ability)s” doesn't work", ability=ability) for ability in missing if ability not in _LACKS]
    return listed([*known, *others])


def message_error(code: str) -> dict[str, str]:
    return {"code": code, "text": MESSAGE_ERRORS.get(code, N_("The message could not be sent."))}


def no_qr(status: str) -> Text:
    """Why a session of this status shows no code, and how to get one."""
    return Text(_NO_QR.get(status, _NO_QR_IN), status=status)
