"""A form made of a model's fields, and what it sends made into the model's values: a new setting appears by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ...services.preferences import Values
from ...words import N_, Text


@dataclass(frozen=True)
class Input:
    """One field of the form; `name` is its path in the JSON, with dots. `kind`: switch, number, choice or text."""

    name: str
    label: str
    hint: str
    kind: str
    value: Any
    least: int | None = None
    most: int | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def wrong(self) -> str:
        """What to say of a number that can't be; empty where the model has the better word."""
        if self.kind != "number" or self.least is None or self.most is None:
            return ""
        return Text("Needs a whole number from %(least)s to %(most)s", least=self.least, most=self.most)


@dataclass
class Group:
    title: str
    hint: str = ""
    inputs: list[Input] = field(default_factory=list)


def groups(values: Values) -> list[Group]:
    """A group for each nested model, and one for all that stands alone."""
    alone = Group(N_("Accounts and sessions"))
    found = []
    for name, info in Values.model_fields.items():
        value = getattr(values, name)
        if isinstance(value, BaseModel):
            group = Group(info.title or name, info.description or "")
            group.inputs = [
                _input(f"{name}.{inner}", one, getattr(value, inner)) for inner, one in type(value).model_fields.items()
            ]
            found.append(group)
        else:
            alone.inputs.append(_input(name, info, value))
    return [*found, alone]


def inputs(values: Values) -> Iterator[Input]:
    for group in groups(values):
        yield from group.inputs


def read(form: Mapping[str, str], current: Values) -> dict[str, Any]:
    """The values as the model takes them; what is no number stays as it was typed, and is refused by the model."""
    values: dict[str, Any] = {}
    for one in inputs(current):
        *outer, last = one.name.split(".")
        place = values
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = _read(one, form)
    return values


def _read(one: Input, form: Mapping[str, str]) -> Any:
    if one.kind == "switch":
        return form.get(one.name) == "on"
    typed = form.get(one.name, "").strip()
    digits = typed.replace(",", "").replace(" ", "")
    return int(digits) if one.kind == "number" and digits.isascii() and digits.isdecimal() and len(digits) < 12 else typed


def _input(name: str, info: FieldInfo, value: Any) -> Input:
    kind, choices = _kind(info)
    bounds = {key: getattr(mark, key) for mark in info.metadata for key in ("ge", "le") if hasattr(mark, key)}
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    label = info.title or name.rpartition(".")[2].replace("_", " ").capitalize()
    return Input(
        name,
        label,
        info.description or "",
        kind,
        value,
        bounds.get("ge"),
        bounds.get("le"),
        str(extra.get("x-unit", "")),
        choices,
    )


def _kind(info: FieldInfo) -> tuple[str, tuple[str, ...]]:
    if get_origin(info.annotation) is Literal:
        return "choice", tuple(map(str, get_args(info.annotation)))
    return "switch" if info.annotation is bool else "number" if info.annotation is int else "text", ()
