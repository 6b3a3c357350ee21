"""Settings of the agent's side: environment (``SAYSO_…``), ``.env``, or arguments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from agent.kinds import ALL_TOOLS, ToolName
from agent.network.policy import read_place
from agent.providers import key_kinds

DEFAULT_MODEL = "claude-sonnet-5-5"
"""What ``auto`` means with a key: the lowest latency with narration."""

RuleName = Literal[
    "shell",
    "terminal",
    "paste into terminal",
    "weighty button",
    "delete files",
    "hidden file",
    "program",
    "secret",
    "other tool",
]
"""Rules of `agent.session.approval` that ask."""


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
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
    )

    data_dir: Path = Field(default_factory=lambda: user_data_path("sayso"))
    """Journals, images and exports."""

    model: str = "auto"
    """``auto`` (Claude with a key, else offline), ``offline``, ``cassette:PATH``, what another
    provider of `agent.providers` takes, or a model id."""

    anthropic_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("ANTHROPIC_API_KEY", "anthropic_api_key"),
    )
    anthropic_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("ANTHROPIC_BASE_URL", "anthropic_base_url"),
    )
    dialect: Literal["auto", "toolset", "hosted", "portable"] = "auto"
    """How the Messages API is spoken; ``auto`` goes by address and model. A gateway in
    front of Anthropic's own service wants ``toolset``."""

    coordinates: Literal["auto", "pixels", "0-1000", "0-1"] = "auto"
    """What a local or foreign model's coordinates are: pixels of the picture, or shares of the
    screen; ``auto`` goes by its name (`agent.models.capabilities`). For the dialect ``portable``
    only."""

    hume_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("HUME_API_KEY", "hume_api_key")
    )
    hume_secret_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("HUME_SECRET_KEY", "hume_secret_key")
    )
    hume_base_url: str = Field(
        default="https://api.hume.ai",
        validation_alias=AliasChoices("HUME_BASE_URL", "hume_base_url"),
    )
    hume_config_id: str | None = Field(
        default=None, validation_alias=AliasChoices("HUME_CONFIG_ID", "hume_config_id")
    )

    keys: Mapping[str, SecretStr] = Field(default_factory=dict, repr=False)
    """Keys of providers that were brought, by the names of their variables."""

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

    @field_validator("reach")
    @classmethod
    def _places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for place in value:
            read_place(place)
        return value

    width: int = Field(default=1280, ge=640, le=1920)
    height: int = Field(default=800, ge=480, le=1200)

    sandbox: Literal["require", "prefer", "off"] = "require"
    """``prefer`` starts unconfined where bwrap cannot work, and says so on the page."""

    network: Literal["auto", "off", "listed", "open"] = "auto"
    """What programs on a confined desktop reach, through the gate: nothing; hosts that are listed
    or that the person allows; every public host. ``auto`` is ``off`` for offline commands, else
    ``listed``."""

    reach: tuple[str, ...] = ()
    """Places, as HOST:PORT, that programs reach though their port is not 80 or 443, or their
    address is private."""

    display: str | None = None
    """An existing X display to drive instead of a private one: explicit, unconfined."""

    home_bytes: int = Field(default=2 * 10**9, ge=0)
    """Bytes that a session's home may hold; 0 for no limit."""

    home: Path | None = None
    """A folder of yours for the desktop to work in, instead of a home of the session's own."""

    record_bytes: int = Field(default=2 * 10**9, ge=0)
    """Bytes that the records of a session's files may take, so that they can be put back;
    the oldest go first. 0: nothing is recorded."""

    effort: Literal["low", "medium", "high"] | None = None
    prompt: str = "default"
    """Name of a prompt in ``agent/prompts`` or a path to a Markdown file."""

    tools: tuple[ToolName, ...] = Field(default=ALL_TOOLS, min_length=1)
    """What the agent may work with: ours, and any that was brought (`agent.kinds`)."""

    voice_provider: Literal["auto", "hume", "offline"] = "auto"
    """Who listens and speaks; ``auto`` is Hume when both its keys are set."""

    most_file_bytes: int = Field(default=2 << 30, ge=1)
    """Bytes of one file that may be put into a session's home."""

    most_files: int = Field(default=20_000, ge=1)
    """Files in a home beyond which none is put in, and those of one downloaded archive."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are
    believed; ``unix`` for whoever connects to the server's own socket file."""

    plain_passwords: bool = False
    """Whether people may sign in over a network without TLS: everybody on it can read along."""

    max_sessions: int = Field(default=8, ge=1)
    """Sessions that may run at once on a server. One more retires the oldest idle one that
    nobody looks at."""

    max_sessions_each: int = Field(default=8, ge=1)
    """Of these, how many may be one person's; one more retires the oldest idle one of theirs."""

    daily_dollars: float = Field(default=100.0, ge=0)
    """Dollars that all sessions of a server together may spend a day; 0 for no cap."""

    daily_dollars_each: float = Field(default=25.0, ge=0)
    """Dollars that one person's sessions may spend a day on a server; 0 for no cap."""

    max_turns: int = Field(default=100, ge=1)
    max_tokens: int = Field(default=2_000_000, ge=1)
    max_dollars: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    max_seconds: float = Field(default=1800.0, gt=0, allow_inf_nan=False)
    approval_timeout: float = Field(default=60.0, gt=0)
    """Seconds without an answer that mean no."""

    allow: tuple[RuleName, ...] = ()
    """Rules whose questions are answered with yes beforehand."""
