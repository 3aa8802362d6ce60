"""Pages: the log and its export, one message with its timeline, and the form to send."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for

from ..errors import Conflict, Invalid, NotFound, WabotError
from ..lib import phone_lists, phones
from ..lib.clock import now
from ..plugins import NavItem
from ..services import present, recipients
from ..services.drafts import BODY_LENGTH, Draft
from ..services.dry_run import Outlook
from ..services.message_export import csv_of
from ..services.sessions import DEFAULT
from ..store.ids import new_id
from ..store.messages import MessageFilter
from ..store.records import Message, Page
from ..words import N_
from . import _filters, _moments
from . import _log_filter as log_filter
from ._context import login_required, next_step, page_user, request_id, services
from ._forms import errors_of, field, values
from ._languages import gettext as _
from ._languages import number
from ._limits import SendAllowance
from ._waiting import one_of_few

bp = Blueprint("messages", __name__, url_prefix="/messages")
NAV = [
    NavItem("Send", "messages.compose", "send", order=30),
    NavItem("Messages", "messages.log", "messages", order=40),
]
_PAGE = 50
_TYPED = 20_000
"""Characters of numbers a form may bring."""


@bp.get("")
@login_required
def log() -> Any:
    asked, cursor = log_filter.asked(), _filters.place()
    try:
        page = services().messages.page(page_user().id, log_filter.understood(asked), limit=_PAGE, cursor=cursor)
    except Invalid as error:
        return _log_page(asked, Page([], None), errors_of(error)), error.status
    return _log_page(asked, page, {})


@bp.get("/export.csv")
@login_required
def export() -> Response:
    """All that the log would show over all its pages, in chunks while it is read."""
    rows = csv_of(services().messages.everything(page_user().id, log_filter.understood(log_filter.asked())))
    response = Response(stream_with_context(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="wabot-messages-{now():%Y-%m-%d}.csv"'
    return response


@bp.post("/recipients")
@login_required
def numbers() -> Any:
    """What the form makes of the numbers typed so far: {numbers, refused, doubles, text}."""
    found = phone_lists.read(field("to")[:_TYPED])
    return {"numbers": len(found.numbers), "refused": found.refused[:5], "doubles": found.doubles, "text": found.text}


@bp.route("/new", methods=["GET", "POST"])
@login_required
def compose() -> Any:
    if request.method == "GET":
        again = request.args.get("again")
        given = _once_more(again) if again else {name: request.args.get(name, "") for name in ("to", "message", "session")}
        return _form({**given, "idempotency_key": new_id()}, {})
    user = page_user()
    try:
        found = recipients.checked(field("to")[:_TYPED])
        draft = Draft("", field("message"), field("session") or DEFAULT, field("idempotency_key") or None, _send_at())
        if field("check"):
            return _form({**values(), "to": found.text}, {}, _rehearsed(draft, found.numbers))
    except WabotError as error:
        return _refused(error)
    sent = recipients.send_to_each(services().messages, user.id, draft, found.numbers, request_id(), lambda: SendAllowance(user))
    return _refused(sent.error, sent) if sent.error else _accepted(sent)


@bp.get("/<message_id>")
@login_required
def one(message_id: str) -> str:
    message = services().messages.one(page_user().id, message_id)
    asked = services().messages
    return render_template(
        "message.html",
        message=present.message_for_page(message),
        waits=present.wait(asked.waits_for(message)),
        undecided=asked.undecided(message),
        first=_is_first(message),
    )


@bp.post("/<message_id>/cancel")
@login_required
def cancel(message_id: str) -> Any:
    try:
        services().messages.cancel(page_user().id, message_id)
        flash("Cancelled. The message was not sent.", "success")
    except Conflict as error:
        flash(error.detail, "error")
    return redirect(url_for(".one", message_id=message_id))


@bp.post("/<message_id>/decide")
@login_required
def decide(message_id: str) -> Any:
    again = field("again") == "yes"
    try:
        services().messages.decide(page_user().id, message_id, again=again)
        flash(N_("It waits to be sent again.") if again else N_("Given up. It will not be sent again."), "success")
    except Conflict as error:
        flash(error.detail, "error")
    return redirect(url_for(".one", message_id=message_id))


def _rehearsed(draft: Draft, numbers: list[str]) -> Outlook:
    """What would become of the message. Raises what a dry run does, and Invalid for several numbers."""
    if len(numbers) > 1:
        raise Invalid.field("to", "has several numbers: only one at a time is checked")
    user = page_user()
    with one_of_few(user.id):
        return services().dry_run.run(user.id, replace(draft, to=numbers[0]), request_id(), SendAllowance(user))


def _accepted(sent: recipients.Sent) -> Any:
    if len(sent.messages) == 1:
        return redirect(url_for(".one", message_id=sent.messages[0].id))
    flash(_("%(count)s messages are accepted, one for each number.", count=number(len(sent.messages))), "success")
    return redirect(url_for(".log"))


def _refused(error: WabotError, sent: recipients.Sent | None = None) -> Any:
    """The form again; in its field stand only the numbers that got no message."""
    if sent and sent.messages:
        flash(_("Messages accepted: %(count)s. The remaining numbers are below.", count=number(len(sent.messages))), "success")
    left = "\n".join(sent.left) if sent else field("to")[:_TYPED]
    return _form({**values(), "to": phone_lists.read(left).text}, errors_of(error)), error.status


def _log_page(asked: dict[str, str], page: Page, errors: dict[str, str]) -> str:
    return render_template(
        "messages.html",
        page={"items": [present.message_for_page(one) for one in page.items], "next_cursor": page.next_cursor},
        filters=asked,
        errors=errors,
        statuses=log_filter.STATUSES,
        sessions=_sessions(),
    )


def _sessions() -> list[dict[str, Any]]:
    found = services().sessions.of_user(page_user().id)
    return [present.session(one) for one in found]


def _is_first(message: Message) -> bool:
    """Whether this is all its user has sent: the end of the way in."""
    newest = services().messages.page(page_user().id, MessageFilter(), limit=2, cursor=None).items
    return [one.id for one in newest] == [message.id]


def _form(given: dict[str, str], errors: dict[str, str], outlook: Outlook | None = None) -> str:
    return render_template(
        "messages_new.html",
        values=given,
        errors=errors,
        outlook=outlook and {"to": outlook.message.to, "on_whatsapp": outlook.on_whatsapp, "waits": present.wait(outlook.wait)},
        sessions=_sessions(),
        longest=BODY_LENGTH,
        next_step=next_step(),
    )


def _once_more(message_id: str) -> dict[str, str]:
    """What to fill in to send a message again: from the store, since no address takes a long text. Raises NotFound."""
    message = services().messages.one(page_user().id, message_id)
    if message.direction != "out" or message.to is None:
        raise NotFound("There is no such message.")
    given = {"to": phones.for_people(message.to), "message": message.message, "session": message.session}
    return {**given, **_later(message.send_at)}


def _later(send_at: datetime | None) -> dict[str, str]:
    """The form's time, in the reader's zone; nothing of one that has passed."""
    if send_at is None or send_at <= now():
        return {}
    return {"send_at": _moments.for_field(send_at), "zone": _moments.own_zone()}


def _send_at() -> datetime | None:
    """The chosen time; None for at once. Raises Invalid: neither no time nor one in the past is what somebody meant who asked for later."""
    if not field("send_at"):
        if field("later"):
            raise Invalid.field("send_at", "choose a day and a time")
        return None
    chosen = _moments.read("send_at", field("send_at"), field("zone"))
    if chosen < now() - timedelta(minutes=1):
        raise Invalid.field("send_at", "lies in the past")
    return chosen
