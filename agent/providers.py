"""Providers of models, and the keys that a person may enter: one declaration for each.

Whatever names, offers, builds or checks a model reads this table: the settings, the key forms,
the Lab, the command line and `agent.models.factory`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agent.kinds import Kinds

if TYPE_CHECKING:
    from pydantic import SecretStr

    from agent.desktop.base import Desktop
    from agent.models.base import Model
    from agent.models.capabilities import Capabilities
    from agent.settings import Settings

Takes = Literal["nothing", "model", "file"]
Where = Literal["settings", "lab"]
EVERYWHERE: frozenset[Where] = frozenset({"settings", "lab"})


@dataclass(frozen=True, slots=True)
class KeyKind:
    """A key as the form asks for it."""

    name: str
    """Of the environment's variable."""

    label: str
    says: str
    """What it is for, in a sentence for people."""

    test: Callable[[SecretStr, Settings], Awaitable[tuple[bool, str]]] | None = None
    """Asks the service whether it takes the key; the answer is a sentence without it."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A provider of models: what stands before the colon of a model's name."""

    name: str
    label: str
    says: str
    """What it is or needs, in a sentence for people."""

    make: Callable[[Settings, Desktop, str], Model]
    """Given the settings, the desktop and what stands after the colon."""

    keys: tuple[KeyKind, ...] = ()
    """All are needed; `Settings.key` has them."""

    models: Callable[[], tuple[str, ...]] = tuple
    """What may be suggested to stand after the colon."""

    takes: Takes = "model"
    """What stands after the colon; a file is for whoever runs the server."""

    can: Callable[[str], Capabilities] | None = None
    """What a model of it takes and can; if None, `agent.models.capabilities` goes by its name."""

    local: bool = False
    """Whether it costs nothing, since it runs on a machine of one's own."""

    seconds: float = 10.0
    """A guess of how long a trial with it takes, where it is local."""

    where: frozenset[Where] = EVERYWHERE
    """The pages on which it can be chosen."""

    prefixed: bool = True
    """Whether its models are named with it; those of one provider go by their bare ids."""

    address: str = ""
    """The setting of an address at which its models are reached without a key."""

    def ready(self, settings: Settings) -> bool:
        """Whether the settings have what it needs."""
        reached = bool(self.address) and getattr(settings, self.address) is not None
        return reached or all(settings.key(key.name) is not None for key in self.keys)

    def spelled(self, rest: str) -> str:
        """The name of one of its models, as settings have it."""
        if self.takes == "nothing":
            return self.name
        return f"{self.name}:{rest.strip()}" if self.prefixed else rest.strip()

    @property
    def usage(self) -> str:
        """How its models are named, for a command line's help."""
        return self.spelled({"file": "PATH", "model": "ID", "nothing": ""}[self.takes])


def _auto(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.factory import usual_model

    return usual_model(settings, desktop)


def _claude(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.factory import claude_model

    return claude_model(settings, rest)


def _bedrock(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.claude.clouds import bedrock_model
    from agent.models.lazy_model import LazyModel

    return LazyModel(rest, lambda: bedrock_model(rest), dialect="bedrock")


def _vertex(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.claude.clouds import vertex_model
    from agent.models.claude.hosted import claude_dialect
    from agent.models.lazy_model import LazyModel

    return LazyModel(rest, lambda: vertex_model(rest, claude_dialect(rest)), dialect="vertex")


def _cloud(name: str) -> Callable[[Settings, Desktop, str], Model]:
    def make(settings: Settings, desktop: Desktop, rest: str) -> Model:
        from agent.models.capabilities import as_claude
        from agent.models.claude.clouds import cloud_model
        from agent.models.lazy_model import LazyModel

        told = name == "aws" and as_claude(rest).system_messages
        return LazyModel(
            rest, lambda: cloud_model(name, rest), dialect=name, takes_system_messages=told
        )

    return make


def _offline(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.offline import OfflineModel

    return OfflineModel(desktop)


def _cassette(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.factory import cassette

    return cassette(rest, strict=False)


def _strict_cassette(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.factory import cassette

    return cassette(rest, strict=True)


def _record(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.factory import recording

    return recording(settings, desktop, rest)


def _reference(settings: Settings, desktop: Desktop, rest: str) -> Model:
    from agent.models.factory import UnavailableModel

    return UnavailableModel(
        settings.model, f"The model “{settings.model}” is for experiments: it goes by their tasks."
    )


def _priced() -> tuple[str, ...]:
    from agent.models.pricing import PRICES

    return tuple(PRICES)


async def _try_anthropic(key: SecretStr, settings: Settings) -> tuple[bool, str]:
    from agent.models.claude.trial import try_key

    return await try_key(key, settings)


ANTHROPIC_KEY = KeyKind(
    "ANTHROPIC_API_KEY", "Anthropic key", "For Claude. Begins with sk-ant-.", _try_anthropic
)
VOICE_KEYS = (
    KeyKind("HUME_API_KEY", "Hume API key", "For Hume's voice, with the secret key below."),
    KeyKind("HUME_SECRET_KEY", "Hume secret key", "From the same project as the API key."),
)
_SIGNED_IN = "Uses what this machine is signed in with."
_NOWHERE: frozenset[Where] = frozenset()
_SETTINGS: frozenset[Where] = frozenset({"settings"})
_LAB: frozenset[Where] = frozenset({"lab"})

CLAUDE = ModelKind(
    "anthropic",
    "Claude (Anthropic)",
    "Needs a key, below.",
    _claude,
    keys=(ANTHROPIC_KEY,),
    models=_priced,
    prefixed=False,
    address="anthropic_base_url",
)
"""The provider of every name that is no other's."""

OUR_PROVIDERS = (
    ModelKind(
        "auto",
        "Automatic",
        "Claude when there is a key, else commands on this machine.",
        _auto,
        takes="nothing",
    ),
    CLAUDE,
    ModelKind("bedrock", "Claude on Amazon Bedrock", _SIGNED_IN, _bedrock),
    ModelKind("vertex", "Claude on Google Vertex", _SIGNED_IN, _vertex),
    ModelKind("mantle", "Claude on Bedrock's Messages API", _SIGNED_IN, _cloud("mantle")),
    ModelKind("aws", "Claude platform on AWS", _SIGNED_IN, _cloud("aws")),
    ModelKind("google", "Claude on Google Cloud (by Anthropic)", _SIGNED_IN, _cloud("google")),
    ModelKind("foundry", "Claude on Microsoft Foundry", _SIGNED_IN, _cloud("foundry")),
    ModelKind(
        "offline",
        "Offline commands",
        "Simple sentences, no network, no cost.",
        _offline,
        takes="nothing",
        local=True,
        seconds=6.0,
    ),
    ModelKind(
        "cassette",
        "A recorded run",
        "Plays a cassette file again.",
        _cassette,
        takes="file",
        local=True,
        where=_SETTINGS,
    ),
    ModelKind(
        "cassette-strict",
        "A recorded run, strictly",
        "Plays a cassette file again, for equal requests only.",
        _strict_cassette,
        takes="file",
        local=True,
        where=_NOWHERE,
    ),
    ModelKind(
        "record",
        "Automatic, recorded",
        "Writes what Automatic answers into a cassette file.",
        _record,
        takes="file",
        where=_NOWHERE,
    ),
    ModelKind(
        "oracle",
        "A task's solution",
        "Proves that a task can be done.",
        _reference,
        takes="nothing",
        local=True,
        seconds=5.0,
        where=_LAB,
    ),
    ModelKind(
        "near_miss",
        "A task's near miss",
        "Proves that a task's check sees what is wrong.",
        _reference,
        takes="nothing",
        local=True,
        seconds=5.0,
        where=_LAB,
    ),
    ModelKind(
        "nothing",
        "Nothing",
        "Proves that a task is not done to begin with.",
        _reference,
        takes="nothing",
        local=True,
        seconds=3.0,
        where=_LAB,
    ),
)
PROVIDERS = Kinds("model", ModelKind, "sayso.models", OUR_PROVIDERS, frozenset({"litellm"}))


def add_model(kind: ModelKind) -> None:
    """Make a provider of models known by its name, in this process.

    Raises:
        ConfigurationError: the name is one of ours, or cannot be one.
    """
    PROVIDERS.add(kind)


def providers(where: Where | None = None) -> Mapping[str, ModelKind]:
    """Every provider by name; of a page, if it is given: ours first."""
    every = PROVIDERS.all()
    return {n: kind for n, kind in every.items() if where is None or where in kind.where}


def provider_of(model: str) -> tuple[ModelKind, str]:
    """The provider of a model by its name in settings, and what it gives to that provider."""
    name, _, rest = model.strip().partition(":")
    kind = PROVIDERS.all().get(name)
    if kind is None or not kind.prefixed:
        return CLAUDE, model.strip()
    return kind, rest


def key_kinds() -> Mapping[str, KeyKind]:
    """Every key that a person may enter: of the models' providers, then the voice's."""
    keys = [key for kind in PROVIDERS.all().values() for key in kind.keys]
    found = {key.name: key for key in (*keys, *VOICE_KEYS)}
    return found | {key.name: key for key in (ANTHROPIC_KEY, *VOICE_KEYS)}
