"""Settings: environment (``SAYSO_…``), ``.env``, or arguments. Each is declared here, once.

`agent.setting_kinds` tells what is read from a declaration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    SecretStr,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from agent.kinds import ALL_TOOLS, ToolName, tool_kinds
from agent.mcp_servers import read_server
from agent.network.policy import read_place
from agent.providers import key_kinds, providers
from agent.setting_kinds import Choice, Flag, SettingKind, read_declared, settings_of

DEFAULT_MODEL = "claude-sonnet-5-5"
"""What ``auto`` means with a key: the lowest latency with narration."""


def _rules() -> tuple[Choice, ...]:
    from agent.session.approval import DEFAULT_RULES

    asking = (rule for rule in DEFAULT_RULES if rule.decision == "ask")
    return tuple(Choice(rule.name, rule.label or rule.name) for rule in asking)


def rule_names() -> tuple[str, ...]:
    """Rules of `agent.session.approval` that ask."""
    return tuple(rule.value for rule in _rules())


def _known_rule(name: str) -> str:
    if name not in rule_names():
        raise ValueError(f"There is no rule “{name}”: choose from {', '.join(rule_names())}")
    return name


RuleName = Annotated[str, AfterValidator(_known_rule)]
"""The name of a rule that asks."""


def _models() -> tuple[Choice, ...]:
    """Of all providers: which one is chosen beside it may change."""
    kinds = providers("settings").values()
    return tuple(Choice(name, "") for kind in kinds for name in kind.models())


def _spellings() -> str:
    """How models are named, but for Claude's."""
    named = (kind for kind in providers().values() if kind.where != {"lab"})
    return ", ".join(kind.usage for kind in named if kind.prefixed)


class _BroughtKeys(PydanticBaseSettingsSource):
    """Keys that no field is named for, out of what another source has read."""

    def __init__(self, of: type[BaseSettings], source: PydanticBaseSettingsSource) -> None:
        super().__init__(of)
        self._variables: Mapping[str, str | None] = getattr(source, "env_vars", {})

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        others = [name for name in key_kinds() if name.lower() not in fields]
        found = {n: key for n in others if (key := self._variables.get(n.lower()))}
        return {"keys": found} if found else {}


class Settings(BaseSettings):
    """How a session is made. Keys are secrets: they never reach a log, event or page."""

    model_config = SettingsConfigDict(
        env_prefix="SAYSO_",
        env_file=".env",
        enable_decoding=False,
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
        use_attribute_docstrings=True,
    )

    model: Annotated[
        str,
        SettingKind(
            "Model",
            "model",
            says="Its id, as the provider spells it; for a recorded run, the file's path.",
            choices=_models,
            personal=True,
            flag=Flag("--model", lambda: f"a Claude's ID, {_spellings()}"),
        ),
    ] = "auto"
    """``auto`` (Claude with a key, else offline commands), ``offline``, a Claude's id, or
    ``PROVIDER:ID`` ([models](models.md))."""

    anthropic_api_key: Annotated[SecretStr | None, SettingKind()] = Field(
        default=None,
        validation_alias=AliasChoices("ANTHROPIC_API_KEY", "anthropic_api_key"),
    )
    anthropic_base_url: Annotated[str | None, SettingKind()] = Field(
        default=None,
        validation_alias=AliasChoices("ANTHROPIC_BASE_URL", "anthropic_base_url"),
    )
    """Address of a Messages API, instead of Anthropic's own."""

    dialect: Annotated[Literal["auto", "toolset", "hosted", "portable"], SettingKind()] = "auto"
    """How the Messages API is spoken; ``auto`` goes by address and model. A gateway in
    front of Anthropic's own service wants ``toolset``."""

    coordinates: Annotated[Literal["auto", "pixels", "0-1000", "0-1"], SettingKind()] = "auto"
    """What a local or foreign model's coordinates are: pixels of the picture, or shares of the
    screen; ``auto`` goes by its name. For the dialect ``portable`` only."""

    effort: Annotated[
        Literal["low", "medium", "high", "xhigh", "max"] | None,
        SettingKind(
            "Effort",
            "model",
            choices=(
                Choice("", "As the model does by itself"),
                Choice("low", "Low", "Quickest, cheapest."),
                Choice("medium", "Medium"),
                Choice("high", "High"),
                Choice("xhigh", "Extra high", "For long work."),
                Choice("max", "Maximum", "Slowest, dearest, most careful."),
            ),
            personal=True,
            live=True,
        ),
    ] = None
    """How long the model thinks before it acts; a model that has no such level goes by its own."""

    speed: Annotated[
        Literal["standard", "fast"],
        SettingKind(
            "Speed",
            "model",
            choices=(
                Choice("standard", "Standard"),
                Choice("fast", "Fast", "Quicker answers at twice the price."),
            ),
            personal=True,
            live=True,
        ),
    ] = "standard"
    """Fast mode, for the models that have it: Opus 5.5, Fable 5.2, Mythos 5.2, and Opus 5 as a
    preview; others answer as usual."""

    warm_up: Annotated[
        bool,
        SettingKind(
            "Read ahead",
            "model",
            says="When a page opens, Claude's service reads instructions and tools ahead: the "
            "first answer comes sooner, for a cent or two.",
            personal=True,
            live=True,
        ),
    ] = True
    """Whether the service reads instructions and tools when a page opens, before you speak."""

    fallbacks: Annotated[
        bool,
        SettingKind(
            "Another model in need",
            "model",
            says="What the model declines, one that Anthropic recommends may answer in its place.",
            personal=True,
            live=True,
        ),
    ] = True
    """Whether another of Anthropic's models may answer what the model declines. You are told."""

    memory: Annotated[
        bool,
        SettingKind(
            "Memory",
            "model",
            says="Whether it keeps notes for later sessions; you are asked before each, and can "
            "read, change and remove them below.",
            personal=True,
        ),
    ] = False
    """Whether Claude may keep notes that outlast a session. You are asked before each."""

    memory_dir: Annotated[Path | None, SettingKind(usual="`memory` in the data folder")] = None
    """Where those notes are kept; on a server, each person's own are in their folder."""

    prompt: Annotated[
        str,
        SettingKind(
            personal=True,
            flag=Flag("--prompt", "name of a prompt, or path of a Markdown file"),
        ),
    ] = "default"
    """Name of a prompt of ours, or path of a Markdown file."""

    tools: Annotated[
        tuple[ToolName, ...],
        SettingKind(
            personal=True,
            flag=Flag(
                "--tool",
                lambda: f"what it may work with, once for each: {', '.join(tool_kinds())}",
                "NAME",
            ),
        ),
    ] = ALL_TOOLS
    """What the agent may work with: ours, and any that was added ([extending](extending.md))."""

    mcp_servers: Annotated[
        tuple[str, ...],
        SettingKind(
            flag=Flag(
                "--mcp",
                "let it use the tools of an MCP server; once for each",
                "NAME=COMMAND|URL",
            )
        ),
    ] = ()
    """MCP servers whose tools the agent may use, as `NAME=COMMAND` or `NAME=https://HOST/PATH`
    ([MCP](mcp.md#tools-for-the-agent))."""

    mcp_port: Annotated[int | None, SettingKind()] = Field(default=None, ge=0, le=65_535)
    """Port on 127.0.0.1 where `sayso serve` lets programs that speak MCP into the session that you
    look at ([MCP](mcp.md#in-the-session-that-you-look-at)); 0 for any free one."""

    mcp_seconds: Annotated[float, SettingKind(unit="seconds")] = Field(default=60.0, gt=0)
    """What one call of an MCP server's tool may take."""

    voice_provider: Annotated[
        Literal["auto", "hume", "offline"],
        SettingKind(
            "Voice",
            "voice",
            choices=(
                Choice(
                    "auto", "Automatic", "Hume when both its keys are set, otherwise this machine."
                ),
                Choice("hume", "Hume EVI", "Expressive; sound goes to Hume."),
                Choice("offline", "This machine", "No sound leaves this machine; hears English."),
            ),
            personal=True,
        ),
    ] = "auto"
    """Who turns speech into words, and words into speech."""

    recognizer: Annotated[str, SettingKind()] = "moonshine"
    """What hears on this machine: ``moonshine``, ``pocketsphinx``, or one that was added
    ([voice](voice.md#engines))."""

    synthesizer: Annotated[str, SettingKind()] = "hibari"
    """What speaks on this machine: ``hibari``, ``flite``, or one that was added
    ([voice](voice.md#engines))."""

    hume_api_key: Annotated[SecretStr | None, SettingKind()] = Field(
        default=None, validation_alias=AliasChoices("HUME_API_KEY", "hume_api_key")
    )
    hume_secret_key: Annotated[SecretStr | None, SettingKind()] = Field(
        default=None, validation_alias=AliasChoices("HUME_SECRET_KEY", "hume_secret_key")
    )
    hume_base_url: Annotated[str, SettingKind()] = Field(
        default="https://api.hume.ai",
        validation_alias=AliasChoices("HUME_BASE_URL", "hume_base_url"),
    )
    """Address of Hume's service."""

    hume_evi_version: Annotated[Literal["3", "4-mini"], SettingKind()] = Field(
        default="3", validation_alias=AliasChoices("HUME_EVI_VERSION", "hume_evi_version")
    )
    """Version of EVI that the set-up asks for: `4-mini` hears eleven languages, `3` English and
    Spanish ([voice](voice.md#languages))."""

    hume_voice: Annotated[str, SettingKind()] = Field(
        default="Ava Song", validation_alias=AliasChoices("HUME_VOICE", "hume_voice")
    )
    """A voice of Hume's library, by name; for the set-up."""

    hume_model_provider: Annotated[str, SettingKind()] = Field(
        default="ANTHROPIC",
        validation_alias=AliasChoices("HUME_MODEL_PROVIDER", "hume_model_provider"),
    )
    """Whose model is EVI's front desk, as Hume spells it; for the set-up."""

    hume_model: Annotated[str, SettingKind()] = Field(
        default="claude-haiku-4-5-20251001",
        validation_alias=AliasChoices("HUME_MODEL", "hume_model"),
    )
    """The front desk's model: small and fast, for it only passes work on; for the set-up."""

    hume_config_id: Annotated[
        str | None, SettingKind("Hume configuration", "voice", personal=True, last=True)
    ] = Field(default=None, validation_alias=AliasChoices("HUME_CONFIG_ID", "hume_config_id"))
    """Id of your EVI configuration; made by “sayso hume setup”."""

    max_dollars: Annotated[
        float,
        SettingKind(
            "Money",
            "limits",
            personal=True,
            live=True,
            flag=Flag("--budget", "ask before spending more", "DOLLARS"),
            unit="US$",
        ),
    ] = Field(default=5.0, gt=0, allow_inf_nan=False)
    """For a whole session."""

    max_tokens: Annotated[int, SettingKind("Tokens", "limits", personal=True, live=True)] = Field(
        default=2_000_000, ge=1
    )
    """For a whole session, read and written."""

    max_turns: Annotated[int, SettingKind("Turns", "limits", personal=True, live=True)] = Field(
        default=100, ge=1
    )
    """Answers of the model for one task."""

    max_seconds: Annotated[
        float, SettingKind("Time", "limits", personal=True, live=True, unit="seconds")
    ] = Field(default=1800.0, gt=0, allow_inf_nan=False)
    """For one task, without the time it waits for you."""

    allow: Annotated[
        tuple[RuleName, ...],
        SettingKind(
            "Without asking",
            "approvals",
            choices=_rules,
            personal=True,
            live=True,
            flag=Flag("--yes-to", lambda: f"do not ask about: {', '.join(rule_names())}", "RULE"),
        ),
    ] = ()
    """What the agent may do without asking you each time."""

    approval_timeout: Annotated[
        float,
        SettingKind("Time to answer", "approvals", personal=True, live=True, unit="seconds"),
    ] = Field(default=60.0, gt=0)
    """No answer in this time means no."""

    sandbox: Annotated[
        Literal["require", "prefer", "off"],
        SettingKind(
            "Confinement",
            "desktop",
            says="Whether programs on the desktop can reach your files. It is decided where the "
            "server is started, by SAYSO_SANDBOX and SAYSO_DISPLAY.",
            control="fact",
            flag=Flag("--sandbox", "how the desktop is confined"),
        ),
    ] = "require"
    """Whether the desktop is confined. ``prefer`` starts unconfined where bubblewrap cannot work,
    and says so on the page."""

    network: Annotated[
        Literal["auto", "off", "listed", "open"],
        SettingKind(
            "Network",
            "desktop",
            says="What programs on the desktop reach. All goes through a gate that keeps them from "
            "this machine and its neighbours; what they reach stands in Inspector.",
            choices=(
                Choice("auto", "Automatic", "Off with offline commands, else known hosts."),
                Choice("off", "Off", "Nothing is reached."),
                Choice("listed", "Known hosts", "You are asked about all others."),
                Choice("open", "Open", "Every public host, without a question."),
            ),
            personal=True,
            live=True,
            flag=Flag("--network", "what it reaches: nothing, known hosts, every public host"),
        ),
    ] = "auto"
    """What programs on a confined desktop reach, through the gate: nothing; hosts that are listed
    or that you allow; every public host. ``auto`` is ``off`` for offline commands, else
    ``listed``."""

    reach: Annotated[
        tuple[str, ...],
        SettingKind(
            flag=Flag(
                "--reach",
                "let it reach a place of yours that is private, or at another port; once for each",
                "HOST:PORT",
            )
        ),
    ] = ()
    """Places, as HOST:PORT, that programs reach though their port is not 80 or 443, or their
    address is private."""

    width: Annotated[int, SettingKind("Width", "desktop", personal=True, unit="pixels")] = Field(
        default=1280, ge=640, le=1920
    )
    """Of the screen."""

    height: Annotated[int, SettingKind("Height", "desktop", personal=True, unit="pixels")] = Field(
        default=800, ge=480, le=1200
    )
    """Of the screen."""

    home_bytes: Annotated[
        int,
        SettingKind(
            "Home folder",
            "desktop",
            personal=True,
            live=True,
            disk=True,
            unit="GB",
            least=0.1,
            most=100_000,
            scale=10**9,
        ),
    ] = Field(default=2 * 10**9, ge=0)
    """What a session's own home folder may hold, programs' settings and caches included; 0 for no
    limit. A folder of yours that is worked in has none."""

    record_bytes: Annotated[
        int,
        SettingKind(
            "Record of files",
            "desktop",
            personal=True,
            disk=True,
            unit="GB",
            least=0.1,
            most=100_000,
            scale=10**9,
            zero="to record nothing",
            unlimited_at_zero=False,
        ),
    ] = Field(default=2 * 10**9, ge=0)
    """What a session may keep of its files as they were before each task, so that they can be put
    back. The oldest go first. 0: nothing is recorded."""

    home: Annotated[
        Path | None,
        SettingKind(
            flag=Flag(
                "--home",
                "let it work in a folder of yours, and see nothing else; its size is not limited",
                "FOLDER",
            )
        ),
    ] = None
    """A folder of yours for the desktop to work in, instead of a home of the session's own."""

    display: Annotated[str | None, SettingKind()] = None
    """An existing X display to drive instead of a private one: explicit, unconfined."""

    data_dir: Annotated[Path, SettingKind(usual="`sayso` among the user's own data")] = Field(
        default_factory=lambda: user_data_path("sayso")
    )
    """Where sessions, settings and exports are kept."""

    max_sessions: Annotated[int, SettingKind()] = Field(default=8, ge=1)
    """Sessions that may run at once on a server. One more retires the oldest idle one that
    nobody looks at."""

    max_sessions_each: Annotated[int, SettingKind()] = Field(default=8, ge=1)
    """Of these, how many may be one person's; one more retires the oldest idle one of theirs."""

    daily_dollars: Annotated[float, SettingKind(unit="US$")] = Field(default=100.0, ge=0)
    """What all sessions of a server together may spend a day; 0 for no cap."""

    daily_dollars_each: Annotated[float, SettingKind(unit="US$")] = Field(default=25.0, ge=0)
    """What one person's sessions may spend a day on a server; 0 for no cap."""

    most_file_bytes: Annotated[int, SettingKind(unit="GiB", scale=1 << 30)] = Field(
        default=2 << 30, ge=1
    )
    """Size of one file that may be put into a session's home."""

    most_files: Annotated[int, SettingKind()] = Field(default=20_000, ge=1)
    """Files in a home beyond which none is put in, and those of one downloaded archive."""

    trusted_proxies: Annotated[tuple[str, ...], SettingKind()] = ()
    """Addresses or networks of proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are
    believed; ``unix`` for whoever connects to the server's own socket file."""

    plain_passwords: Annotated[bool, SettingKind()] = False
    """Whether people may sign in over a network without TLS: everybody on it can read along."""

    contained: Annotated[bool, SettingKind()] = False
    """Whether the server is alone in a container whose port is published on the host's loopback
    only: then it may listen on every address of the container, and the link is enough."""

    keys: Mapping[str, SecretStr] = Field(default_factory=dict, repr=False)
    """Keys of providers that were brought, by the names of their variables."""

    @property
    def memory_folder(self) -> Path:
        """Where notes that outlast a session are kept."""
        return self.memory_dir or self.data_dir / "memory"

    def key(self, name: str) -> SecretStr | None:
        """A key by the name of its variable."""
        if name.lower() in type(self).model_fields:
            given: SecretStr | None = getattr(self, name.lower())
            return given
        return self.keys.get(name)

    def with_keys(self, found: Mapping[str, SecretStr]) -> Settings:
        """The settings with these keys, where they have none of that name."""
        lacking = {name: key for name, key in found.items() if self.key(name) is None}
        ours = {n.lower(): k for n, k in lacking.items() if n.lower() in type(self).model_fields}
        others = {n: k for n, k in lacking.items() if n.lower() not in ours}
        return self.model_copy(update={**ours, "keys": {**self.keys, **others}})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The usual ones, and the keys of brought providers from the same places."""
        read = (env_settings, dotenv_settings)
        keys = (_BroughtKeys(settings_cls, source) for source in read)
        return (init_settings, *read, *keys, file_secret_settings)

    @property
    def speaks_hume(self) -> bool:
        """Whether Hume's voice is the one to use."""
        keys = self.hume_api_key is not None and self.hume_secret_key is not None
        return self.voice_provider == "hume" or (keys and self.voice_provider == "auto")

    @field_validator("tools", "allow", "reach", "mcp_servers", "trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """A list as the environment spells it: JSON, or what stands between commas."""
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return [word for part in value.split(",") if (word := part.strip())]
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('It must be a list: one,two or ["one", "two"]') from None

    @field_validator("keys", mode="before")
    @classmethod
    def _named_keys(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("Set each provider's key by its own variable instead")
        return value

    @field_validator("tools")
    @classmethod
    def _any_tool(cls, value: tuple[ToolName, ...]) -> tuple[ToolName, ...]:
        if not value:
            raise ValueError("Choose at least one tool")
        return value

    @field_validator("mcp_servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [read_server(text).name for text in value]
        if len(set(names)) < len(names):
            raise ValueError("Two MCP servers have the same name")
        return value

    @field_validator("reach")
    @classmethod
    def _places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for place in value:
            read_place(place)
        return value


def read_settings(**given: object) -> Settings:
    """The settings as the environment, ``.env`` and ``given`` say.

    Raises:
        ConfigurationError: one cannot be what it is; the sentence names its variable.
    """
    return read_declared(Settings, **given)


SETTINGS = settings_of(Settings)
"""Every setting by name, but for the voice's (`dashboard.voice.client.voice_settings`)."""
