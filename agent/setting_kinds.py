"""How a setting is declared: once, at its field.

A field's type, default and bounds are pydantic's, the string below it is the sentence that people
read, and a `SettingKind` in its annotation has the rest. The environment, the command line, the
page's form, what a person may keep, what a running session follows and docs/settings.md are read
from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import AliasChoices, BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from agent.errors import BadInput, ConfigurationError

Control = Literal["choice", "switch", "number", "text", "several", "fact"]
When = Literal["now", "next session"]
Read = TypeVar("Read", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Choice:
    """One position: its value, what it is called, and what it means."""

    value: str
    label: str
    says: str = ""
    alone: bool = False
    """Of a provider: whether it needs no model's id beside it."""


@dataclass(frozen=True, slots=True)
class Flag:
    """An option of ``sayso run``."""

    name: str
    help: str | Callable[[], str]
    metavar: str | None = None


@dataclass(frozen=True, slots=True)
class SettingKind:
    """What a setting is beyond its name, type, default and sentence."""

    label: str = ""
    """What the form calls it."""

    group: str = ""
    """The form's group; empty where the form has no line for it."""

    says: str = ""
    """The form's sentence, where it is another than the field's."""

    choices: tuple[Choice, ...] | Callable[[], tuple[Choice, ...]] = ()
    """In words. A function's answer is that of the moment in which the form is made."""

    control: Control | None = None
    """As its type says, if None. A fact is shown and cannot be changed."""

    personal: bool = False
    """Whether each person may set it for their own sessions."""

    live: bool = False
    """Whether a running session follows it."""

    disk: bool = False
    """Whether it is bytes of the server's disk: others than who runs it may only have less."""

    flag: Flag | None = None
    unit: str = ""
    least: float | None = None
    """In the form's unit, as are ``most`` and ``step``; the type's own bound, if None."""

    most: float | None = None
    scale: int = 1
    """How many of the setting's own units one of the form's is."""

    zero: str = "for no limit"
    """What 0 is for, where a size is asked for."""

    unlimited_at_zero: bool = True
    last: bool = False
    """Whether it stands below the others of its group."""

    usual: str = ""
    """The default in words, where it is another on each machine."""


class Setting:
    """One setting, as it was declared.

    Args:
        name: In the log and in what is kept.
        kind: Its declaration.
        field: Its type, default and bounds.
        variable: Of the environment.
    """

    def __init__(self, name: str, kind: SettingKind, field: FieldInfo, variable: str = "") -> None:
        self.name, self.kind, self.variable = name, kind, variable
        self.field = field
        self._type = _without_none(field.annotation)

    @property
    def says(self) -> str:
        """The sentence for people."""
        return " ".join((self.field.description or "").split())

    @property
    def form_says(self) -> str:
        """The sentence beside its control."""
        return self.kind.says or self.says

    @property
    def choices(self) -> tuple[Choice, ...]:
        choices = self.kind.choices
        return choices() if callable(choices) else choices

    @property
    def values(self) -> tuple[str, ...]:
        """All that it can be, where they are counted."""
        return get_args(self._type) if get_origin(self._type) is Literal else ()

    @property
    def optional(self) -> bool:
        """Whether it may be left empty."""
        return type(None) in get_args(self.field.annotation)

    @property
    def several(self) -> bool:
        return get_origin(self._type) is tuple

    @property
    def number(self) -> bool:
        return self._type in (int, float)

    @property
    def secret(self) -> bool:
        """Whether no log, event or page may have it."""
        return self._type is SecretStr

    @property
    def when(self) -> When:
        """When a change of it applies."""
        return "now" if self.kind.live else "next session"

    @property
    def importable(self) -> bool:
        """Whether what an import brought may be taken over: what a person may change meanwhile."""
        return self.kind.live and self.kind.personal and bool(self.kind.group)

    @property
    def default(self) -> Any:
        return self.field.get_default(call_default_factory=True, validated_data={})

    @property
    def least(self) -> float | None:
        """The least that the form takes, in its unit; None for no bound."""
        return self.kind.least if self.kind.least is not None else self.bounds[0]

    @property
    def most(self) -> float | None:
        """The most that the form takes, in its unit; None for no bound."""
        return self.kind.most if self.kind.most is not None else self.bounds[1]

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and most that it can be, in its own unit; None for no bound."""
        return self._bound("ge", "gt"), self._bound("le", "lt")

    @property
    def control(self) -> Control:
        """What the form has for it."""
        if self.kind.control:
            return self.kind.control
        if self._type is bool:
            return "switch"
        if self.number:
            return "number"
        if self.several:
            return "several"
        return "choice" if self.values else "text"

    def shown(self) -> dict[str, Any]:
        """For the page's form."""
        return {
            "name": self.name,
            "label": self.kind.label,
            "says": self.form_says,
            "kind": self.control,
            "choices": [asdict(choice) for choice in self.choices],
            "unit": self.kind.unit,
            "when": self.when,
        }

    def in_form(self, value: Any) -> Any:
        """A value as the form has it."""
        return f"{value / self.kind.scale:.9g}" if self.kind.scale != 1 else value

    def from_form(self, value: Any) -> Any:
        """What was entered, in the setting's own unit; 0 stays 0: no limit.

        Raises:
            BadInput: it is no number, or less or more than can be.
        """
        if self.kind.scale == 1:
            return None if value == "" and self.optional else value
        try:
            number = float(str(value).strip().replace(",", "."))
        except ValueError:
            number = math.nan
        least, most = self.least or 0, self.most or math.inf
        if number != 0 and not least <= number <= most:
            raise BadInput(
                f"It must be a number of {self.kind.unit} from {least:g} to {most:g}, "
                f"or 0 {self.kind.zero}."
            )
        return round(number * self.kind.scale)

    def _bound(self, *names: str) -> float | None:
        found = (getattr(one, name, None) for one in self.field.metadata for name in names)
        return next((bound for bound in found if bound is not None), None)


def reason(fault: ErrorDetails) -> str:
    """Why a setting cannot have a value, in a sentence."""
    match fault["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return "It must be a whole number."
        case "float_parsing" | "float_type" | "finite_number":
            return "It must be a number."
        case "value_error":
            return f"{fault['ctx']['error']}."
        case _:
            return f"{fault['msg'].replace('Input should be', 'It must be')}."


def _without_none(annotation: Any) -> Any:
    others = [arg for arg in get_args(annotation) if arg is not type(None)]
    return others[0] if type(None) in get_args(annotation) else annotation


def read_declared(of: type[Read], **given: object) -> Read:
    """Settings of a class as the environment, ``.env`` and ``given`` say.

    Raises:
        ConfigurationError: one cannot be what it is; the sentence names its variable.
    """
    try:
        return of(**given)
    except ValidationError as error:
        faults = " ".join(f"{_at(of, fault['loc'])}: {reason(fault)}" for fault in error.errors())
        raise ConfigurationError(f"A setting is wrong. {faults}") from error


def _at(of: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Where what pydantic found wrong was set; it names fields with an alias by that."""
    name, known = str(place[0]), settings_of(of)
    if name in known:
        return known[name].variable
    prefix = of.model_config.get("env_prefix", "")
    return f"{prefix}{name}".upper() if name in of.model_fields else name


def settings_of(model: type[BaseModel], prefix: str = "") -> dict[str, Setting]:
    """Every setting that a class declares, by name, with ``prefix`` before it."""
    return {prefix + name: found for name, found in _declared(model, prefix)}


def _declared(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, Setting]]:
    variables = str(model.model_config.get("env_prefix", ""))
    for name, field in model.model_fields.items():
        kind = next((one for one in field.metadata if isinstance(one, SettingKind)), None)
        if kind is not None:
            alias = field.validation_alias
            own = str(alias.choices[0]) if isinstance(alias, AliasChoices) else ""
            yield name, Setting(prefix + name, kind, field, own or f"{variables}{name}".upper())
