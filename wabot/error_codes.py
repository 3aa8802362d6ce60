"""Every `code` an error of the HTTP API may have: with which statuses, and what it means. Clients switch on these.

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
    "not_json": _known("The body is not sent as `application/json`.", 400),
    "malformed_json": _known("The body is not valid JSON.", 400),
    "too_large": _known("The request has more than 1 MiB and a little.", 413),
    "invalid_request": _known("A field is missing, unknown or wrong; `errors` says which and why.", 422),
    "not_found": _known("There is no such thing, or it is somebody else's.", 404),
    "method_not_allowed": _known("This address doesn't take this method; `Allow` says which it takes.", 405),
    "conflict": _known("This can't be done in the present state; `detail` says why.", 409),
    "rate_limited": _known("Too many requests; `Retry-After` says when the next one passes, `limit` which limit it was.", 429),
    "too_many_waiting": _known("Eight calls of this user wait already.", 429),
    "internal_error": _known("A fault of wabot's own. It was logged under the `request_id`.", 500),
    "unavailable": _known("A part of wabot is away for a moment; it comes back by itself.", 503),
    "database_unavailable": _known("The database doesn't answer; nothing was stored.", 503),
    "gateway_unavailable": _known("The WhatsApp gateway doesn't answer; it is being restarted.", 503),
    "sandbox_unavailable": _known("The sandbox doesn't answer; it is being restarted.", 503),
}

IDENTITY = {
    "unauthenticated": _known("No token and no key was shown.", 401),
    "invalid_token": _known("The login token has ended or expired; of a link from a mail: it is bad, used or expired.", 401, 400),
    "invalid_api_key": _known("The API key is unknown, revoked or expired.", 401),
    "invalid_credentials": _known("Address or password is wrong; which of them isn't told.", 401),
    "otp_required": _known("The password was right; a code of the second factor is needed as `otp`.", 401),
    "invalid_otp": _known("The code of the second factor is wrong, too old, or was used before.", 401),
    "forbidden": _known("You may not do this.", 403),
    "login_required": _known("This call takes a login token, not an API key.", 403),
    "missing_scope": _known("The API key lacks the scope this call needs.", 403),
    "second_factor_required": _known("This wabot wants a second factor of its administrators.", 403),
    "registration_closed": _known("Only an administrator makes accounts here.", 403),
    "email_unconfirmed": _known("The address has to be confirmed first, by the link in the mail.", 403),
    "email_taken": _known("There is an account with this address.", 409),
    "too_many_keys": _known("As many API keys as a user may have; revoke one first.", 422),
    "export_running": _known("An export of this user is being written already.", 409),
    "mail_not_configured": _known("This wabot can't send mails: `SMTP_URL` is not set.", 503),
}

WHATSAPP = {
    "session_not_connected": _known("The session was never linked, or is logged out: nothing was accepted.", 409),
    "session_linked": _known("The session is linked: disconnect it before changing its engine or network.", 409),
    "too_many_sessions": _known("As many sessions as a user may have; delete one first.", 409),
    "qr_not_available": _known("There is no QR code to scan now; `status` says how the session stands.", 409),
    "session_off": _known("The session is switched off; only its owner can start it.", 409),
}

MESSAGES = {
    "invalid_number": _known("This can't be a phone number; nothing was accepted.", 422),
    "message_too_long": _known("The message is longer than WhatsApp takes.", 422, 409),
    "idempotency_mismatch": _known("The idempotency key was used for another message.", 422),
    "queue_full": _known("Too many of this user's messages wait to be sent.", 429),
    "too_late": _known("The message is on its way already and can't be taken back.", 409),
    "not_on_whatsapp": _known("The number is not on WhatsApp. Found at sending.", 409),
    "session_logged_out": _known("The session was disconnected before the message could be sent.", 409),
    "account_changed": _known("The session was linked with another WhatsApp account before the message could be sent.", 409),
    "outcome_unknown": _known("Whether it went out could not be found out, and its sender gave it up.", 409),
    "engine_error": _known("WhatsApp Web refused the message several times.", 409),
    "rejected_by_whatsapp": _known("WhatsApp did not accept the message.", 409),
    "not_supported_by_engine": _known("The session's engine can't send this.", 409),
}

FILES = {
    "media_pending": _known("The file is still being fetched.", 409),
    "media_stored": _known("The file is here already.", 409),
    "media_missing": _known("The file is not here any more.", 404),
    "media_too_large": _known("The file is larger than this server takes.", 409),
    "media_gone": _known("WhatsApp does not have the file any more.", 409),
    "media_quota": _known("The user's room for files is used up.", 409),
    "requested_range_not_satisfiable": _known("The file has no such range.", 416),
    "media_unavailable": _known("The file was not to be had after six tries.", 409),
}

WEBHOOKS = {
    "url_not_allowed": _known("Webhooks may not go to this address; `detail` says why.", 422),
    "too_many_webhooks": _known("As many webhooks as a user may have; delete one first.", 409),
}

ADMINISTRATION = {
    "last_admin": _known("This is the last administrator.", 409),
    "not_yourself": _known("Administrators can't disable or delete themselves here.", 409),
    "changed_meanwhile": _known("Somebody else is changing administrators at this moment.", 409),
    "disabled": _known("The account is disabled.", 409),
    "erasing": _known("The account is deleted, and being erased.", 409),
}

PAGES = {
    "csrf": _known("The form is from before the last log-in or log-out in that browser, or was not sent from its page.", 400),
    "wrong_origin": _known("The form was sent from another site.", 403),
    "form_sent_before": _known("The form was sent before, and was acted on then.", 409),
    "settings_changed": _known("The settings were changed by somebody else since the page was opened.", 409),
    "wrong_password": _known("The current password, asked for once more, is not this.", 422),
    "not_undecided": _known("What became of the message is known, or still being found out.", 409),
    "number_unknown": _known("WhatsApp doesn't tell this person's number, so they can't be answered.", 409),
    "second_factor_on": _known("The second factor is on already.", 409),
    "second_factor_off": _known("The second factor is off.", 409),
    "wrong_network": _known("A virtual phone can only link a sandbox session.", 409),
    "not_viewable": _known("Administrators can't be viewed as.", 409),
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
