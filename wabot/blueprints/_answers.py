"""`@answers`: what a call of the HTTP API answers, said at its view; the OpenAPI document is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from ..error_codes import CODES

V = TypeVar("V", bound=Callable[..., Any])
Content = type[BaseModel] | str | tuple[type[BaseModel] | str, ...] | None
"""A model (JSON), a media type (`image/png`), several of these, or None for no body."""
_ATTRIBUTE = "api_answers"


@dataclass(frozen=True)
class Answers:
    """`good` is content by status. `errors` are statuses and codes beyond those that follow from what the view needs and reads.

    `takes` names the model of a view that reads its parameters in a way of its own. `example` is a body (or, of a GET, a query)
    that works as it is, `headers` are request headers it understands, with their meaning. `sends`: a message may go out, so the reference tries it on a sandbox session only.
    """

    good: Mapping[int, Content]
    errors: Sequence[tuple[int, str]] = ()
    takes: type[BaseModel] | None = None
    example: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    sends: bool = False


def answers(  # each by its name
    good: Mapping[int, Content],
    errors: Sequence[str | tuple[int, str]] = (),
    *,
    takes: type[BaseModel] | None = None,
    example: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    sends: bool = False,
) -> Callable[[V], V]:
    """An error's status need only be given where it isn't the usual one of its code."""
    coded = [(CODES[one].statuses[0], one) if isinstance(one, str) else one for one in errors]

    def decorate(view: V) -> V:
        setattr(view, _ATTRIBUTE, Answers(good, coded, takes, example or {}, headers or {}, sends))
        return view

    return decorate


def answers_of(view: Callable[..., Any]) -> Answers | None:
    """None where nobody has said."""
    found: Answers | None = getattr(view, _ATTRIBUTE, None)
    return found
