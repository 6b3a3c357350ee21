"""What the members of the computer toolset take, and how a wrong input is answered.

The models check types and ranges that do not depend on the desktop; coordinates are
checked against screen and scale where they are used. ``read`` turns a validation error
into a sentence that tells a model what would be right.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from agent.desktop.act.keys import MODIFIERS
from agent.errors import BadInput
from agent.tools import coordinates

TEXT_CAP = 100_000
"""Characters that one ``type`` may send."""


_SPACED = re.compile(
    rf"(?<!\S)((?:\S+\+)?(?:{'|'.join(MODIFIERS)})(?:_[lr])?)\s*\+\s*(?=\S)", re.IGNORECASE
)
"""A modifier and its plus, with blanks around that: ``ctrl + a`` is one combination."""


def whole(value: Any) -> Any:
    """A whole number, also one that is written as text; fractions are rounded."""
    return coordinates.whole(value)


def _pair(value: Any) -> Any:
    return coordinates.numbers(value, 2)


def _four(value: Any) -> Any:
    return coordinates.numbers(value, 4)


def _seconds(value: Any) -> Any:
    value = coordinates.as_number(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and coordinates.finite(value)):
        raise PydanticCustomError("seconds", "it must be a number of seconds")
    if not 0 <= value <= 300:
        raise PydanticCustomError("seconds", "it must be between 0 and 300 seconds")
    return float(value)


def _typable(value: Any) -> Any:
    """Text without characters that no keyboard sends; line ends become newlines."""
    if not isinstance(value, str):
        raise PydanticCustomError("text", "it must be a string")
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        raise PydanticCustomError("text", "it is empty: there is nothing to type")
    if len(text) > TEXT_CAP:
        raise PydanticCustomError(
            "text",
            "it has {length} characters; at most {cap} can be typed at once. "
            "Write long text to a file with the editor tool",
            {"length": len(text), "cap": TEXT_CAP},
        )
    for place, char in enumerate(text):
        if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cs"):
            raise PydanticCustomError(
                "text",
                "it has the control character U+{code} at position {place}; "
                "press special keys with the key action",
                {"code": f"{ord(char):04X}", "place": place},
            )
    return text


def _combos(value: Any) -> Any:
    """One combination, or several in a row with blanks between them; a blank is the space bar."""
    if value == " ":
        return "space"
    if not isinstance(value, str) or not value.strip() or len(value) > 100:
        raise PydanticCustomError("key", "it must be a key or combination such as ctrl+s")
    return " ".join(_SPACED.sub(r"\1+", value.strip()).split())


def _combo(value: Any) -> Any:
    combo = _combos(value)
    if " " in combo:
        raise PydanticCustomError("key", "it names several keys; hold one combination at a time")
    return combo


Whole = Annotated[int, BeforeValidator(whole)]
Two = Annotated[list[int], Field(min_length=2, max_length=2)]
Four = Annotated[list[int], Field(min_length=4, max_length=4)]
Point = Annotated[
    list[coordinates.Number],
    BeforeValidator(_pair, json_schema_input_type=Two),
    Field(description="[x, y] in screenshot pixels."),
]
Region = Annotated[
    list[coordinates.Number],
    BeforeValidator(_four, json_schema_input_type=Four),
    Field(description="[x0, y0, x1, y1] in screenshot pixels."),
]
Seconds = Annotated[
    float,
    BeforeValidator(_seconds, json_schema_input_type=float),
    Field(description="Seconds, from 0 to 300.", json_schema_extra={"maximum": 300, "minimum": 0}),
]
Modifiers = Annotated[
    str,
    Field(
        max_length=60,
        validation_alias=AliasChoices("text", "key"),
        description="Keys held meanwhile: shift, ctrl, alt, super, joined by +.",
    ),
]


class Input(BaseModel):
    """Base of all members' inputs. Unknown fields are errors: a typo must not pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Input):
    """For members without input."""


class Zoom(Input):
    region: Region


class Move(Input):
    coordinate: Point


class Click(Input):
    coordinate: Point | None = Field(None, description="Where; the pointer's place if left out.")
    text: Modifiers = ""


class Press(Input):
    """For ``left_mouse_down`` and ``left_mouse_up``; older models name a place."""

    coordinate: Point | None = Field(None, description="Where; the pointer's place if left out.")


class Drag(Input):
    start_coordinate: Point | None = Field(
        None, description="Where to press; the pointer's place if left out."
    )
    coordinate: Point
    text: Modifiers = ""


class Scroll(Input):
    scroll_direction: Annotated[
        Literal["up", "down", "left", "right"],
        BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
    ]
    scroll_amount: Annotated[
        int,
        BeforeValidator(whole),
        Field(ge=1, le=100, description="Notches of the wheel, 1 to 100."),
    ]
    coordinate: Point | None = Field(None, description="Where; the pointer's place if left out.")
    text: Modifiers = ""


Typed = Annotated[str, BeforeValidator(_typable), Field(description="What to type, as it is.")]


class Type(Input):
    text: Typed


class Key(Input):
    text: Annotated[
        str,
        BeforeValidator(_combos),
        Field(
            description="A key or combination, such as Return, ctrl+s or alt+Tab; several in a "
            "row with blanks: ctrl+a Delete."
        ),
    ]
    repeat: Annotated[
        int, BeforeValidator(whole), Field(ge=1, le=100, description="How often, 1 to 100.")
    ] = 1


class HoldKey(Input):
    text: Annotated[
        str, BeforeValidator(_combo), Field(description="The key or combination to hold.")
    ]
    duration: Seconds


class Wait(Input):
    duration: Seconds


Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], member: str, given: dict[str, Any]) -> Model:
    """The checked input of a member; fields that are null count as left out.

    Raises:
        BadInput: a sentence that names the field, what is wrong, and what it takes.
    """
    present = {name: value for name, value in given.items() if value is not None}
    try:
        return model.model_validate(present)
    except ValidationError as error:
        raise BadInput(_explain(model, member, error)) from error


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of an input, in the plain words that every server understands."""
    return copy.deepcopy(_schema(model))


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Made once: it takes pydantic longer than all else between two actions."""
    full = model.model_json_schema(by_alias=False)
    properties = {name: _plain(value) for name, value in full.get("properties", {}).items()}
    plain: dict[str, Any] = {"type": "object", "properties": properties}
    if full.get("required"):
        plain["required"] = full["required"]
    plain["additionalProperties"] = False
    return plain


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Without titles, defaults and the null that stands for "left out"."""
    options = [option for option in value.get("anyOf", ()) if option.get("type") != "null"]
    merged = {**(options[0] if options else {}), **value}
    return {
        name: part for name, part in merged.items() if name not in ("title", "default", "anyOf")
    }


def _explain(model: type[BaseModel], member: str, error: ValidationError) -> str:
    problems = "; ".join(dict.fromkeys(_problem(dict(one)) for one in error.errors()[:3]))
    return f"{member}: {problems}. {_usage(model, member)}"


def _problem(one: dict[str, Any]) -> str:
    place = one["loc"][0] if one["loc"] else "input"
    kind = one["type"]
    if kind == "missing":
        return f"{place} is missing"
    if kind == "extra_forbidden":
        return f"{place} is not a field of this action"
    if kind in ("whole", "seconds", "text", "key"):
        return f"{place}: {one['msg']}"
    if kind in ("too_short", "too_long", "list_type"):
        return f"{place}: it must be a list of the right length"
    if kind == "string_unicode":
        return f"{place}: it has half of a surrogate pair, which is no text"
    message = str(one["msg"])
    return f"{place}: {message[:1].lower()}{message[1:]}"


def _usage(model: type[BaseModel], member: str) -> str:
    fields = schema(model)["properties"]
    required = schema(model).get("required", [])
    if not fields:
        return f"{member} takes no input."
    parts = []
    for name, part in fields.items():
        words = str(part.get("description", "")).rstrip(".") or " | ".join(part.get("enum", ()))
        parts.append(f"{name} ({'' if name in required else 'optional; '}{words})")
    return f"{member} takes {', '.join(parts)}."
