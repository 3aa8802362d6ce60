"""Every `code` an error of the HTTP API may have, with its statuses and its meaning. Clients may rely on these.

The OpenAPI document, docs/errors.md and the pages it is shown on read this table; a test holds it to what the code raises.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """The first status is the usual one. `meaning` is one sentence for people."""

    statuses: tuple[int, ...]
    meaning: str


def _known(meaning: str, *statuses: int) -> Known:
    return Known(statuses, meaning)


REQUESTS = {
    "malformed_request": _known("The request can't be read.", 400),
    "not_json": _known("The body is not sent as `application/json`, or it is compressed.", 400),
    "malformed_json": _known("The body is not valid JSON.", 400),
    "too_large": _known("The request is larger than about 1 MiB.", 413),
    "address_too_long": _known("The address has more than 8,190 characters: send with POST, and what it holds in the body.", 414),
    "headers_too_large": _known("A header has more than 8,190 characters, or there are more than a hundred.", 431),
    "invalid_request": _known("A field is missing, unknown or wrong; `errors` says which and why.", 422),
    "not_found": _known("There is no such thing, or it is somebody else's.", 404),
    "method_not_allowed": _known("This address doesn't take this method; `Allow` says which it takes.", 405),
    "conflict": _known("This isn't possible in the current state; `detail` says why.", 409),
    "rate_limited": _known(
        "Too many requests; `Retry-After` says when the next one is allowed, and `limit` which limit was reached.", 429
    ),
    "too_many_waiting": _known("Eight calls of this user are waiting already.", 429),
    "internal_error": _known("An internal error. It was logged with the `request_id`.", 500),
    "unavailable": _known("A part of wabot is away for a moment; it comes back by itself.", 503),
    "database_unavailable": _known(
        "The database doesn't answer. What was asked for may have been stored all the same: repeat a send with the same `Idempotency-Key`.",
        503,
    ),
    "gateway_unavailable": _known("The WhatsApp gateway doesn't answer; it is being restarted.", 503),
    "sandbox_unavailable": _known("The sandbox doesn't answer; it is being restarted.", 503),
}

IDENTITY = {
    "unauthenticated": _known(
        "There is no token or key in `Authorization: Bearer …` or `X-API-Key`, nor, at `/api/send`, in `api_key`.", 401
    ),
    "invalid_token": _known(
        "The login token has ended or expired; for a link from a mail: it is invalid, already used, or expired.", 401, 400
    ),
    "invalid_api_key": _known("The API key is unknown, revoked or expired.", 401),
    "invalid_credentials": _known("The address or the password is wrong; the answer doesn't say which.", 401),
    "otp_required": _known("The password was right; a code of the second factor is needed as `otp`.", 401),
    "invalid_otp": _known("The code of the second factor is wrong, too old, or was used before.", 401),
    "forbidden": _known("You may not do this.", 403),
    "login_required": _known("This call takes a login token, not an API key.", 403),
    "missing_scope": _known("The API key lacks the scope this call needs.", 403),
    "second_factor_required": _known("This wabot requires a second factor for administrators.", 403),
    "registration_closed": _known("Only administrators can create accounts here.", 403),
    "email_unconfirmed": _known("The address has to be confirmed first, by the link in the mail.", 403),
    "email_taken": _known("There is already an account with this address.", 409),
    "too_many_keys": _known("The user has the maximum number of API keys; revoke one first.", 422),
    "export_running": _known("An export for this user is already running.", 409),
    "mail_not_configured": _known("This wabot can't send mails: `SMTP_URL` is not set.", 503),
}

WHATSAPP = {
    "session_not_connected": _known(
        "The session was never linked, or is logged out: nothing was accepted. Or it isn't connected right now, and a dry run needs that.",
        409,
    ),
    "session_linked": _known("The session is linked: disconnect it before changing its engine or network.", 409),
    "too_many_sessions": _known("The user has the maximum number of sessions; delete one first.", 409),
    "qr_not_available": _known("There is no QR code to scan right now; `status` is the session's status.", 409),
    "session_off": _known("The session is switched off; only its owner can start it.", 409),
}

MESSAGES = {
    "invalid_number": _known("This can't be a phone number; nothing was accepted.", 422),
    "message_too_long": _known("The message is longer than WhatsApp takes.", 422, 409),
    "idempotency_mismatch": _known("The idempotency key was used for another message.", 422),
    "queue_full": _known("Too many of this user's messages are waiting to be sent.", 429),
    "too_late": _known("The message is already on its way and can't be cancelled.", 409),
    "not_on_whatsapp": _known(
        "The number is not on WhatsApp. This is found out when sending, or by a dry run (which answers 200).", 409
    ),
    "session_logged_out": _known("The session was disconnected before the message could be sent.", 409),
    "account_changed": _known("The session was linked with another WhatsApp account before the message could be sent.", 409),
    "outcome_unknown": _known("It could not be determined whether the message went out, and its sender gave it up.", 409),
    "engine_error": _known("WhatsApp Web refused the message several times.", 409),
    "rejected_by_whatsapp": _known("WhatsApp did not accept the message.", 409),
    "not_supported_by_engine": _known("The session's engine can't send this.", 409),
}

FILES = {
    "media_pending": _known("The file is still being fetched.", 409),
    "media_stored": _known("The file has already been fetched.", 409),
    "media_missing": _known("The file no longer exists here.", 404),
    "media_too_large": _known("The file is larger than this server takes.", 409),
    "media_gone": _known("WhatsApp no longer has the file.", 409),
    "media_quota": _known("The user's storage for files is used up.", 409),
    "requested_range_not_satisfiable": _known("The file has no such range.", 416),
    "media_unavailable": _known("The file could not be fetched in six tries.", 409),
}

WEBHOOKS = {
    "url_not_allowed": _known("Webhooks may not go to this address; `detail` says why.", 422),
    "too_many_webhooks": _known("The user has the maximum number of webhooks; delete one first.", 409),
}

ADMINISTRATION = {
    "last_admin": _known("This is the last administrator.", 409),
    "not_yourself": _known("Administrators can't disable or delete themselves here.", 409),
    "changed_meanwhile": _known("Somebody else is changing administrators right now.", 409),
    "disabled": _known("The account is disabled.", 409),
    "erasing": _known("The account was deleted, and is being erased.", 409),
}

PAGES = {
    "csrf": _known("The form is from before the last log-in or log-out in that browser, or was not sent from its page.", 400),
    "wrong_origin": _known("The form was sent from another site.", 403),
    "form_sent_before": _known("The form was sent before, and was carried out then.", 409),
    "settings_changed": _known("Somebody else has changed the settings since the page was opened.", 409),
    "wrong_password": _known("This is not the current password.", 422),
    "not_undecided": _known("The message's outcome is known, or is still being determined.", 409),
    "number_unknown": _known("WhatsApp doesn't reveal this person's number, so you can't reply.", 409),
    "second_factor_on": _known("The second factor is already on.", 409),
    "second_factor_off": _known("The second factor is off.", 409),
    "wrong_network": _known("A virtual phone can only link a sandbox session.", 409),
    "not_viewable": _known("You can't view as an administrator.", 409),
    "read_only": _known("An administrator is viewing as somebody else: nothing can be changed.", 403),
    "not_shown": _known("This page isn't shown while an administrator views as somebody else.", 403),
}

GROUPS: dict[str, dict[str, Known]] = {
    "Every request": REQUESTS,
    "Who you are": IDENTITY,
    "WhatsApp sessions": WHATSAPP,
    "Messages": MESSAGES,
    "Files of messages": FILES,
    "Webhooks": WEBHOOKS,
    "Administration": ADMINISTRATION,
    "Pages only": PAGES,
}
"""As the documents show them."""

CODES: dict[str, Known] = {code: known for group in GROUPS.values() for code, known in group.items()}
