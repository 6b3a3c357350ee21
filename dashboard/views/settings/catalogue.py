"""What can be set, in a person's words: label, one line, choices, and when it applies."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from agent.errors import BadInput
from agent.models.capabilities import is_claude
from agent.providers import CLAUDE, provider_of, providers
from agent.session.approval import DEFAULT_RULES
from agent.session.changes import AT_ONCE
from agent.settings import DEFAULT_MODEL
from dashboard.web.preferences import VOICE

Kind = Literal["choice", "switch", "number", "text", "several", "fact"]
When = Literal["now", "next session"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One position: its value, what it is called, and what it means."""

    value: str
    label: str
    says: str = ""
    alone: bool = False
    """Of a provider: whether it needs no model's id beside it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as the form shows it."""

    name: str
    label: str
    says: str
    kind: Kind
    choices: tuple[Choice, ...] | Callable[[], tuple[Choice, ...]] = ()
    """A function's answer is that of the moment in which the form is made."""

    unit: str = ""
    least: float | None = None
    most: float | None = None
    step: float = 1
    scale: int = 1
    """How many of the setting's own units one of the form's is."""

    zero: str = "for no limit"
    """What 0 is for, where a size is asked for."""

    warning: str = ""
    """Said while a switch is on."""

    @property
    def when(self) -> When:
        live = self.name in AT_ONCE or self.name.startswith(VOICE)
        return "now" if live else "next session"

    def shown(self) -> dict[str, Any]:
        """For the page."""
        choices = self.choices() if callable(self.choices) else self.choices
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        return shown | {"when": self.when, "choices": [asdict(choice) for choice in choices]}

    def in_form(self, value: Any) -> Any:
        """A setting's value as the form has it."""
        return f"{value / self.scale:.9g}" if self.scale != 1 else value

    def from_form(self, value: Any) -> Any:
        """What was entered, in the setting's own unit; nought stays nought: no limit.

        Raises:
            BadInput: it is no number, or less or more than can be.
        """
        if self.scale == 1:
            return value
        try:
            number = float(str(value).strip().replace(",", "."))
        except ValueError:
            number = math.nan
        least, most = self.least or 0, self.most or math.inf
        if number != 0 and not least <= number <= most:
            raise BadInput(
                f"It must be a number of {self.unit} from {least:g} to {most:g}, or 0 {self.zero}."
            )
        return round(number * self.scale)


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    key: str
    title: str
    says: str
    fields: tuple[Field, ...]

    def shown(self) -> dict[str, Any]:
        """For the page."""
        lines = [each.shown() for each in self.fields]
        return {"key": self.key, "title": self.title, "says": self.says, "fields": lines}


def _providers() -> tuple[Choice, ...]:
    return tuple(
        Choice(kind.name, kind.label, kind.says, alone=kind.takes == "nothing")
        for kind in providers("settings").values()
    )


def _models() -> tuple[Choice, ...]:
    """Of all providers: which one is chosen beside it may change."""
    kinds = providers("settings").values()
    return tuple(Choice(name, "") for kind in kinds for name in kind.models())


_EFFORTS = (
    Choice("", "As the model does by itself"),
    Choice("low", "Low", "Quickest, cheapest."),
    Choice("medium", "Medium"),
    Choice("high", "High", "Slowest, most careful."),
)
NARRATION = (
    Choice("announce-then-act", "Announce, then act", "Acts once you have heard what it will do."),
    Choice("act-while-speaking", "Act while speaking", "Quickest; you hear it as it happens."),
    Choice("report-after", "Report afterwards", "Silent until it is done or has a question."),
)
MODES = (
    Choice("tool", "Conversation", "The voice answers small talk and passes work on."),
    Choice("relay", "Relay", "Every word goes straight to the agent."),
)
_VOICES = (
    Choice("auto", "Automatic", "Hume when both its keys are there, else this machine."),
    Choice("hume", "Hume EVI", "Expressive; sound goes to Hume."),
    Choice("offline", "This machine", "No sound leaves it."),
)
_NETWORKS = (
    Choice("auto", "Automatic", "Off with offline commands, else known hosts."),
    Choice("off", "Off", "Nothing is reached."),
    Choice("listed", "Known hosts", "You are asked about all others."),
    Choice("open", "Open", "Every public host, without a question."),
)
_RULES = tuple(
    Choice(rule.name, rule.label or rule.name) for rule in DEFAULT_RULES if rule.decision == "ask"
)

GROUPS: tuple[Group, ...] = (
    Group(
        "model",
        "Model",
        "What decides the next step.",
        (
            Field("provider", "Provider", "Where the agent's model runs.", "choice", _providers),
            Field(
                "model",
                "Model",
                "Its id, as the provider spells it; for a recorded run, the file's path.",
                "text",
                _models,
            ),
            Field("effort", "Effort", "How long it thinks before it acts.", "choice", _EFFORTS),
        ),
    ),
    Group(
        "voice",
        "Voice",
        "Who listens and speaks, and how.",
        (
            Field("voice_provider", "Voice", "Who turns speech to words.", "choice", _VOICES),
            Field(
                "voice.narration",
                "Narration",
                "When the agent speaks about what it does.",
                "choice",
                NARRATION,
            ),
            Field("voice.mode", "Mode", "Who hears your words first.", "choice", MODES),
            Field(
                "voice.keep_expressions",
                "Keep expressions",
                "Write the three strongest measures of how you sounded into the session's log.",
                "switch",
            ),
            Field(
                "voice.tell_expressions",
                "Tell the agent how you sounded",
                "Adds them to what the agent reads; Hume's voice only.",
                "switch",
            ),
            Field(
                "hume_config_id",
                "Hume configuration",
                "Id of your EVI configuration; made by “python -m dashboard.voice.hume setup”.",
                "text",
            ),
        ),
    ),
    Group(
        "limits",
        "Limits",
        "The agent warns you at 80 % and asks at 100 %.",
        (
            Field(
                "max_dollars",
                "Money",
                "For a whole session.",
                "number",
                unit="US$",
                least=0.01,
                most=1000,
                step=0.01,
            ),
            Field(
                "max_tokens",
                "Tokens",
                "For a whole session, read and written.",
                "number",
                least=1,
                most=1_000_000_000,
            ),
            Field(
                "max_turns",
                "Turns",
                "Answers of the model for one task.",
                "number",
                least=1,
                most=10_000,
            ),
            Field(
                "max_seconds",
                "Time",
                "For one task, without the time it waits for you.",
                "number",
                unit="seconds",
                least=1,
                most=86_400,
            ),
        ),
    ),
    Group(
        "approvals",
        "Approvals",
        "What the agent asks about before it does it.",
        (
            Field(
                "allow",
                "Without asking",
                "Tick what it may do without asking you each time.",
                "several",
                _RULES,
            ),
            Field(
                "approval_timeout",
                "Time to answer",
                "No answer in this time means no.",
                "number",
                unit="seconds",
                least=1,
                most=3600,
            ),
        ),
    ),
    Group(
        "desktop",
        "Desktop",
        "The computer that the agent works on.",
        (
            Field(
                "sandbox",
                "Confinement",
                "Whether programs on the desktop can reach your files. It is decided where the "
                "server is started, by SAYSO_SANDBOX and SAYSO_DISPLAY.",
                "fact",
            ),
            Field(
                "network",
                "Network",
                "What programs on the desktop reach. All goes through a gate that keeps them from "
                "this machine and its neighbours; what they reach stands in Inspector.",
                "choice",
                _NETWORKS,
            ),
            Field(
                "width", "Width", "Of the screen.", "number", unit="pixels", least=640, most=1920
            ),
            Field(
                "height", "Height", "Of the screen.", "number", unit="pixels", least=480, most=1200
            ),
            Field(
                "home_bytes",
                "Home folder",
                "What a session's own home folder may hold, programs' settings and caches "
                "included; 0 for no limit. A folder of yours that is worked in has none.",
                "number",
                unit="GB",
                least=0.1,
                most=100_000,
                step=0.1,
                scale=10**9,
            ),
            Field(
                "record_bytes",
                "Record of files",
                "What a session may keep of its files as they were before each task, so that they "
                "can be put back. The oldest go first. 0: nothing is recorded.",
                "number",
                unit="GB",
                least=0.1,
                most=100_000,
                step=0.1,
                scale=10**9,
                zero="to record nothing",
            ),
        ),
    ),
)
FIELDS = {each.name: each for group in GROUPS for each in group.fields}


def parted(model: str) -> tuple[str, str]:
    """Provider and model's id, from the setting that holds both."""
    kind, rest = provider_of(model)
    if kind.name not in providers("settings"):
        return "anthropic", model.strip()
    return kind.name, "" if kind.takes == "nothing" else rest


def joined(provider: str, model: str) -> str:
    """The setting that holds provider and model's id."""
    return providers()[provider].spelled(model)


def another_provider(model: str, name: str) -> str:
    """The setting with another provider; an id that it cannot have gives way to a usual one.

    Raises:
        BadInput: there is none of that name.
    """
    if (kind := providers("settings").get(name)) is None:
        raise BadInput(f"There is no provider “{name}”.")
    before, rest = parted(model)
    if before == name:
        return model
    if kind.takes == "file":
        return joined(name, "run.jsonl")
    claude = rest if is_claude(rest) else DEFAULT_MODEL
    known = kind.models()
    return joined(name, known[0] if known and kind is not CLAUDE else claude)


def another_model(model: str, rest: str) -> str:
    """The setting with another id; where the provider takes none, it is a Claude's.

    Raises:
        BadInput: it is empty.
    """
    provider, _ = parted(model)
    if not rest.strip():
        raise BadInput("Give the model's id, or choose the provider “Automatic”.")
    alone = providers()[provider].takes == "nothing"
    return joined(CLAUDE.name if alone else provider, rest)
