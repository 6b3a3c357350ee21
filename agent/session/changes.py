"""What is changed in a running session: limits at once, prompt and tools with the next task.

A change is a ``SettingChanged`` in the log; whoever works is brought up to date from there,
so that a resumed session has its changes again.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from agent.errors import BadInput, ConfigurationError
from agent.kinds import ALL_TOOLS, ToolName, tool_kinds
from agent.prompts import Prompt
from agent.record import events as ev
from agent.session.network import network_mode
from agent.session.permissions import Agent
from agent.setting_kinds import reason
from agent.settings import SETTINGS, Settings
from agent.tools.base import prepare

_log = logging.getLogger(__name__)

AT_ONCE = tuple(name for name, setting in SETTINGS.items() if setting.kind.live)
"""Settings that a running session follows."""


class Tried(BaseModel):
    """A prompt that a session uses from its next task on, whole, so that the log has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    hash: str
    """SHA-256 of the template."""

    template: str
    tools: tuple[ToolName, ...] = ALL_TOOLS


def checked(name: str, value: Any) -> Any:
    """The value as the settings would have it.

    Raises:
        BadInput: there is no such setting, or it cannot have that value.
    """
    if name not in Settings.model_fields:
        raise BadInput(f"There is no setting “{name}”.")
    try:
        return _adapter(name).validate_python(value)
    except ValidationError as error:
        raise BadInput(reason(error.errors()[0])) from error


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    field = Settings.model_fields[name]
    form: Any = Annotated[field.annotation, field]
    return TypeAdapter(form)


def change_of(name: str, value: Any) -> ev.SettingChanged:
    """The event that changes a setting of a running session.

    Raises:
        BadInput: it cannot be changed in a running session, or not to that.
    """
    if name not in AT_ONCE:
        raise BadInput(f"“{name}” is only read when a session begins.")
    value = checked(name, value)
    return ev.SettingChanged(name=name, value=list(value) if isinstance(value, tuple) else value)


def trial_of(prompt: Prompt, tools: tuple[ToolName, ...] = ALL_TOOLS) -> ev.SettingChanged:
    """The event that makes a session use another prompt from its next task on."""
    tried = Tried(name=prompt.name, hash=prompt.hash, template=prompt.template, tools=tools)
    return ev.SettingChanged(name="prompt", value=tried.model_dump(mode="json"))


def tried_of(event: ev.SettingChanged) -> Tried | None:
    """The prompt that a change is to, if it is one and can be read."""
    try:
        return Tried.model_validate(event.value) if event.name == "prompt" else None
    except ValidationError:
        return None


def tools_of(agent_tools: Any, names: tuple[ToolName, ...]) -> tuple[Any, ...]:
    """The tools that these names leave; what was given to the session itself always stays."""
    off = {kind.called for name, kind in tool_kinds().items() if name not in names}
    return tuple(tool for tool in agent_tools if tool.spec.name not in off)


class Changes:
    """Keeps an agent up to date. Feed it every event in order."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._all = tuple(agent.tools)
        self._next: Tried | None = None
        agent.tools = tools_of(self._all, agent.settings.tools)

    def add(self, event: ev.Event) -> None:
        """Take in the next event; a stored value that this version would refuse is passed over."""
        try:
            self._take(event)
        except (BadInput, ConfigurationError, ValidationError) as error:
            _log.warning("Event %s cannot be followed: %s", event.seq, error)

    def _take(self, event: ev.Event) -> None:
        match event:
            case ev.SettingChanged(name="prompt"):
                self._next = Tried.model_validate(event.value)
            case ev.SettingChanged() if event.name in AT_ONCE:
                self._follow(event.name, event.value)
            case ev.TaskStarted() if self._next is not None:
                self._use(self._next)
            case _:
                pass

    def _follow(self, name: str, value: Any) -> None:
        agent = self._agent
        agent.settings = agent.settings.model_copy(update={name: checked(name, value)})
        agent.limits.follow(agent.settings)
        if name == "allow":
            agent.approvals.allow(frozenset(agent.settings.allow))

    def _use(self, tried: Tried) -> None:
        self._next = None
        self._agent.system = filled(Prompt(tried.name, tried.template), self._agent.settings)
        self._agent.tools = tools_of(self._all, tried.tools)
        prepare(self._agent.tools, [tool.spec.name for tool in self._agent.tools])


def filled(prompt: Prompt, settings: Settings) -> str:
    """The prompt's text for a session with these settings.

    Raises:
        ConfigurationError: the template is wrong or names an unknown variable.
    """
    bare = settings.sandbox == "off" or settings.display is not None
    network = bare or network_mode(settings) != "off"
    text = prompt.render(width=settings.width, height=settings.height, network=network)
    if not text.strip():
        raise ConfigurationError(f"The prompt “{prompt.name}” is empty.")
    return text
