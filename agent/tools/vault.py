"""Secrets that the agent may type without knowing them: by placeholder, bound to a program.

The model is told names and writes ``<secret>NAME</secret>``. What stands for it is typed by the
hands alone, into a password field of the program that it is for, and nowhere else. Whatever the
log is about to keep that holds a secret's text gets the placeholder instead, so neither the model
nor a recording has it; a picture has the field covered that shows one. Secrets are in memory only.

This guards against mistakes and against a page that tells the model what to type. A program that
pretends to be another, in its window's class and title, is typed to.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, SecretStr

from agent.errors import BadInput, ConfigurationError, ToolError
from agent.record import events as ev

PLACEHOLDER = re.compile(r"<secret>(.*?)</secret>", re.DOTALL)
_NAME = re.compile(r"[^\W_](?:[\w .@-]{0,38}[\w.])?")
_SHORTEST, _LONGEST = 6, 500
_MOST = 100
_KEPT = re.compile(r"(^|_)(id|hash|sha256|basis|model|tool|tools|name|rule|value)$")
"""Fields of an event whose text is ours: a secret's letters in one are chance."""

_OF_BLOCKS = frozenset({"type", "id", "tool_use_id", "name", "toolset_name"})
"""The same of a block of a model's answer."""

TOLD = "Secrets you may type: "
"""Beginning of what the model is told."""

E = TypeVar("E", bound=ev.BaseEvent)
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Secret:
    """A text and where it may be typed.

    Args:
        name: what it is called, by the model too.
        value: what is typed: 6 to 500 characters of one line.
        program: class of the window it is for (``WM_CLASS``, as ``thunar``), in any case.
        title: what the window's title must hold as well; empty for any title.

    Raises:
        BadInput: one of them cannot be so.
    """

    name: str
    value: SecretStr
    program: str
    title: str = ""

    def __post_init__(self) -> None:
        text = self.value.get_secret_value()
        if not _NAME.fullmatch(self.name):
            raise BadInput("Name it with letters, digits, spaces and . @ - _, 40 at most.")
        if not text.isprintable() or not _SHORTEST <= len(text) <= _LONGEST:
            raise BadInput(
                f"A secret has {_SHORTEST} to {_LONGEST} characters in one line. A shorter one "
                "could not be told from other text that must not show it."
            )
        if not self.program.strip():
            raise BadInput("Say for which program it is, as “thunar”.")

    @property
    def placeholder(self) -> str:
        return f"<secret>{self.name}</secret>"

    @property
    def place(self) -> str:
        """Where it may be typed, in words."""
        return f"{self.program}, “{self.title}”" if self.title else self.program

    def is_for(self, wm_class: str, title: str) -> bool:
        """Whether a window is the one it is for."""
        same = wm_class.casefold() == self.program.strip().casefold()
        return same and self.title.casefold() in title.casefold()


class Vault:
    """The secrets of one session."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets: dict[str, Secret] = {}
        for secret in secrets:
            self.put(secret)

    def __iter__(self) -> Any:
        return iter(tuple(self._secrets.values()))

    def __len__(self) -> int:
        return len(self._secrets)

    def put(self, secret: Secret) -> None:
        """Add a secret, or replace the one of that name.

        Raises:
            BadInput: there are too many.
        """
        if len(self._secrets) >= _MOST and secret.name.casefold() not in self._secrets:
            raise BadInput(f"There are {_MOST} secrets already. Remove one first.")
        self._secrets[secret.name.casefold()] = secret

    def remove(self, name: str) -> None:
        """Forget a secret; does nothing when there is none of that name."""
        self._secrets.pop(name.casefold(), None)

    @property
    def told(self) -> str:
        """What the model is told of them; empty without any."""
        if not self._secrets:
            return ""
        named = ", ".join(f"{each.placeholder} (in {each.place})" for each in self)
        return (
            f"{TOLD}{named}. Type the placeholder alone, with the keyboard in the password field "
            "it is for; the person's secret is typed in its place. You never see it."
        )

    def asked(self, text: str) -> Secret | None:
        """The secret that a text to be typed stands for; None if it stands for none.

        Raises:
            ToolError: it has other text beside the placeholder, or there is no such secret.
        """
        found = PLACEHOLDER.search(text)
        if found is None:
            return None
        if found.group() != text.strip():
            raise ToolError("Type a secret's placeholder alone, in an action of its own.")
        secret = self._secrets.get(found[1].strip().casefold())
        if secret is None:
            known = ", ".join(f"“{each.name}”" for each in self) or "none"
            raise ToolError(
                f"There is no secret “{found[1].strip()}”. There is {known}. "
                "The person adds one in Settings."
            )
        return secret

    def hides(self, text: str) -> bool:
        """Whether a text holds one of the secrets."""
        return any(each.value.get_secret_value() in text for each in self)

    def scrubbed(self, event: E) -> E:
        """The event with each secret's placeholder in the place of its text."""
        if not self._secrets:
            return event
        written = event.model_dump_json()
        return self._model(event) if any(_in_json(each) in written for each in self) else event

    def _model(self, model: M) -> M:
        """Words of ours, such as an outcome, stay as they are, though a secret be one of them."""
        return model.model_copy(
            update={
                name: self._scrub(getattr(model, name))
                for name, field in type(model).model_fields.items()
                if _is_read(model, name)
                or not (_KEPT.search(name) or _has_literal(field.annotation))
            }
        )

    def _scrub(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, BaseModel):
            return self._model(value)
        if isinstance(value, Mapping):
            ours = _OF_BLOCKS if "type" in value else frozenset()
            return {k: v if k in ours else self._scrub(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._scrub(each) for each in value)
        return value

    def scrub(self, text: str) -> str:
        """The text with each secret's placeholder in the place of it; the longest first."""
        for each in sorted(self, key=lambda s: -len(s.value.get_secret_value())):
            text = text.replace(each.value.get_secret_value(), each.placeholder)
        return text


def _is_read(model: BaseModel, name: str) -> bool:
    """Whether a field that is called like one of ours has words of the screen."""
    return isinstance(model, ev.ScreenLabel) and name == "name"


def _has_literal(annotation: Any) -> bool:
    inside = (_has_literal(each) for each in get_args(annotation))
    return get_origin(annotation) is Literal or any(inside)


def _in_json(secret: Secret) -> str:
    return json.dumps(secret.value.get_secret_value(), ensure_ascii=False)[1:-1]


def tell(append: Callable[[ev.Event], object], vault: Vault, log: Iterable[ev.Event]) -> None:
    """Tell the model which secrets there are, if that is not what it was told last.

    Raises:
        JournalError: it cannot be written down.
    """
    told = [
        event.text
        for event in log
        if isinstance(event, ev.UserMessage) and event.text.startswith(TOLD)
    ]
    now = vault.told or f"{TOLD}none."
    if now != (told[-1] if told else f"{TOLD}none."):
        append(ev.UserMessage(text=now, origin="session"))


def load_secrets(path: Path) -> tuple[Secret, ...]:
    """Secrets from a TOML file: ``[[secret]]`` with ``name``, ``value``, ``program``, ``title``.

    Raises:
        ConfigurationError: it cannot be read, others can read it, or it says something else.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigurationError(
                    f"Others can read {path}. Make it yours alone: chmod 600 {path}"
                )
            rows = tomllib.load(file).get("secret", [])
        if not isinstance(rows, list) or not rows:
            raise ConfigurationError(f"{path} has no [[secret]].")
        return tuple(_of_row(row) for row in rows)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # What such an error says may quote the line with the secret.
        raise ConfigurationError(f"{path} is not TOML.") from None
    except BadInput as error:
        raise ConfigurationError(f"{path}: {error}") from None


def _of_row(row: Any) -> Secret:
    known = {"name", "value", "program", "title"}
    if not isinstance(row, dict) or not all(isinstance(v, str) for v in row.values()):
        raise BadInput("Each [[secret]] has texts only: name, value, program, title.")
    if unknown := row.keys() - known:
        raise BadInput(f"A [[secret]] has no “{min(unknown)}”.")
    return Secret(
        row.get("name", ""),
        SecretStr(row.get("value", "")),
        row.get("program", ""),
        row.get("title", ""),
    )
