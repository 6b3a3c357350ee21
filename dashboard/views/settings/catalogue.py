"""The form's groups, with the settings that are declared for each; the provider of a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from agent.errors import BadInput
from agent.models.capabilities import is_claude
from agent.providers import CLAUDE, provider_of, providers
from agent.setting_kinds import Choice, Setting, SettingKind
from agent.settings import DEFAULT_MODEL
from dashboard.web.preferences import DECLARED
from dashboard.words import marked, t


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    key: str
    title: str
    says: str
    fields: tuple[Setting, ...] = ()

    def shown(self) -> dict[str, Any]:
        """For the page."""
        lines = [_said(each.shown()) for each in self.fields]
        return {"key": self.key, "title": t(self.title), "says": t(self.says), "fields": lines}


_WORDS = ("label", "says", "warning", "unit")
"""What of a setting, and of its choices, people read."""


def _said(shown: dict[str, Any]) -> dict[str, Any]:
    """A setting in the page's language: the words are declared with it, out of the page."""
    words = {name: t(shown[name]) for name in _WORDS if isinstance(shown.get(name), str)}
    choices = [_said(choice) for choice in shown.get("choices", ())]
    return {**shown, **words, **({"choices": choices} if choices else {})}


_GROUPS = (
    ("model", marked("Model"), marked("What decides the next step.")),
    ("voice", marked("Voice"), marked("Who listens and speaks, and how.")),
    ("limits", marked("Limits"), marked("The agent warns you at 80 % and asks at 100 %.")),
    ("approvals", marked("Approvals"), marked("What the agent asks about before it does it.")),
    ("desktop", marked("Desktop"), marked("The computer that the agent works on.")),
)


def _providers() -> tuple[Choice, ...]:
    return tuple(
        Choice(kind.name, kind.label, kind.says, alone=kind.takes == "nothing")
        for kind in providers("settings").values()
    )


PROVIDER = Setting(
    "provider",
    SettingKind(
        marked("Provider"), "model", marked("Where the agent's model runs."), _providers, "choice"
    ),
    FieldInfo(annotation=str),
)
"""The first half of the setting ``model``, which has a control of its own."""


def grouped(settings: Iterable[Setting]) -> tuple[Group, ...]:
    """The form's groups, with those of the settings that are declared for one."""
    every = [PROVIDER, *settings]
    found = {key: [each for each in every if each.kind.group == key] for key, _, _ in _GROUPS}
    for fields in found.values():
        fields.sort(key=lambda each: each.kind.last)
    return tuple(Group(key, title, says, tuple(found[key])) for key, title, says in _GROUPS)


GROUPS = grouped(DECLARED.values())
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
        raise BadInput(t("There is no provider “{name}”.", name=name))
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
        raise BadInput(t("Give the model's id, or choose the provider “Automatic”."))
    alone = providers()[provider].takes == "nothing"
    return joined(CLAUDE.name if alone else provider, rest)
