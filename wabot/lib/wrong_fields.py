"""What is wrong with a field, for people: Pydantic's own words are made for programmers."""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import islice
from typing import Any

from pydantic import ValidationError

from .other_names import hint

_TEXT, _NUMBER, _WHOLE, _SWITCH = "must be text, in quotes", "must be a number", "must be a whole number", "must be true or false"
_BY_KIND: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "string_type": _TEXT,
    "string_unicode": "is not valid Unicode",
    "string_too_long": "is longer than {max_length} characters",
    "string_pattern_mismatch": "is not the next_cursor of a page",  # nothing else that is asked for has a pattern
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "greater_than_equal": "must be at least {ge:.15g}",
    "less_than_equal": "must be at most {le:.15g}",
    "literal_error": "must be {expected}",
    "list_type": "must be a list",
    "sequence_str": "must be a list",
    "is_instance_of": "must be a list",  # what is asked for as a sequence; nothing else is of a kind by its class
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "too_short": "must have at least {min_length}",
    "too_long": "may have at most {max_length}",
}
"""By Pydantic's kind of error, filled from its context."""
_MOST = 50
"""Fields that are told to be wrong: a body may have tens of thousands."""


def wrong_fields(error: ValidationError, fields: Container[str] = ()) -> dict[str, str]:
    """Why, by the field's name, of the first fifty; of what lies deeper, by its path with dots. An unknown field is told which of `fields` is meant."""
    return {
        ".".join(str(part) for part in one["loc"]): _words(one, fields)
        for one in islice(error.errors(include_url=False, include_input=False), _MOST)
    }


def in_words(fields: Mapping[str, str]) -> str:
    """All of them in one line."""
    return "; ".join(f"{name}: {why}" for name, why in fields.items())[:1000]


def _words(one: Mapping[str, Any], fields: Container[str]) -> str:
    context = one.get("ctx", {})
    if one["type"] == "extra_forbidden" and len(one["loc"]) == 1:
        return ": ".join(filter(None, [_BY_KIND[one["type"]], hint(str(one["loc"][0]), fields)]))
    if one["type"] == "string_too_short":
        return "is empty" if context["min_length"] == 1 else f"is shorter than {context['min_length']} characters"
    known = _BY_KIND.get(one["type"])
    return known.format(**context) if known else str(one["msg"]).removeprefix("Value error, ")
