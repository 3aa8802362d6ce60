"""What the HTTP API answers: one model for each shape. The values are made in `services/present.py` and its neighbours."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Shape(BaseModel):
    """Base of all answers. New fields may be added at any time; clients must ignore those they don't know."""

    model_config = ConfigDict(use_attribute_docstrings=True, populate_by_name=True)


class Items(Shape, Generic[T]):
    """One page of a list."""

    # For each kind of item Pydantic would look for the docstrings anew, in vain: half a second of every start.
    model_config = ConfigDict(use_attribute_docstrings=False)

    items: list[T]
    next_cursor: str | None = Field(description="Pass it as `cursor` to get the next page; null on the last page.")


class Reason(Shape):
    """A stable code to switch on, and words for people."""

    code: str
    text: str


class FieldError(Shape):
    """One field of the request that is wrong."""

    field: str
    """Its name in the request."""
    detail: str
    """What is wrong with it, for people."""


class Problem(Shape):
    """RFC 9457. Switch on `code`; `detail` is for people."""

    type: str
    """The address of the code's explanation, relative to this server."""
    title: str
    status: int | str
    """The HTTP status; with `qr_not_available`, the session's status."""
    detail: str
    code: str
    request_id: str
    """The id of the request in the server's log."""
    errors: list[FieldError] = []
    """Which fields are wrong, and why."""
    limit: str | None = None
    """With `rate_limited`: the limit that was reached."""
    session_status: str | None = None
    """With `session_not_connected`: the session's status."""
    success: Literal[False] | None = None
    """On `/api/send`."""
