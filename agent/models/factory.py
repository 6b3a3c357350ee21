"""From settings to a model. Nothing is contacted or read here: what is missing or wrong
is told by the first turn, so that a session opens in any case.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError, ModelUnavailable
from agent.models.base import Model, ModelPart, ModelRequest
from agent.models.cassette import CassetteModel, RecordingModel
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect, claude_dialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.providers import PROVIDERS, ModelKind, provider_of, providers
from agent.settings import DEFAULT_MODEL, Settings

_log = logging.getLogger(__name__)
_ANTHROPIC = ("anthropic.com", "claude.com")
_NO_KEY = (
    "There is no Anthropic key. Put one into ANTHROPIC_API_KEY, "
    "or choose the model offline, which needs none."
)

_BAD_KEY = (
    "What ANTHROPIC_API_KEY holds cannot be a key: it has a space, a line break or another "
    "character that keys never contain. Copy the key again."
)
_NO_PROVIDER = (
    "Sayso has no provider “{provider}”; it has {known}. A server that speaks the "
    "Messages API, such as vLLM, llama.cpp, Ollama or LiteLLM, is reached by its address in "
    "ANTHROPIC_BASE_URL, with its own name of the model ({name})."
)
_LITELLM = (
    "LiteLLM is reached as a server: start its proxy{found}, put its address into "
    "ANTHROPIC_BASE_URL and its key into ANTHROPIC_API_KEY, and choose the model {name}."
)
_BAD_ADDRESS = (
    "What ANTHROPIC_BASE_URL holds is not an address. "
    "Write it with its scheme and without spaces, as in http://127.0.0.1:8080."
)


def build_model(settings: Settings, desktop: Desktop) -> Model:
    """The model that ``settings.model`` names, by its provider (`agent.providers`).

    Raises:
        ConfigurationError: the name's form is wrong.
    """
    kind, rest = provider_of(settings.model)
    if not settings.model.strip():
        raise ConfigurationError("No model is named. SAYSO_MODEL may be auto or offline.")
    if kind.takes == "file" and not rest:
        raise ConfigurationError(
            f"The model {settings.model!r} lacks a path, as in {kind.name}:run.jsonl."
        )
    if kind in PROVIDERS.ours:
        return kind.make(settings, desktop, rest)
    return _brought(kind, settings, desktop, rest)


def _brought(kind: ModelKind, settings: Settings, desktop: Desktop, rest: str) -> Model:
    """What somebody else's provider makes; a fault of it is told by the first turn."""
    lacking = [key.name for key in kind.keys if settings.key(key.name) is None]
    if lacking and not kind.ready(settings):
        return UnavailableModel(
            settings.model, f"{kind.label} needs {' and '.join(lacking)}: set it, or enter it."
        )
    try:
        return kind.make(settings, desktop, rest)
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        _log.exception("The model %s cannot be made", settings.model)
        return UnavailableModel(settings.model, f"{kind.label} cannot be used: {error!r}.")


def usual_model(settings: Settings, desktop: Desktop) -> Model:
    """Claude where a key or an address is set, else the offline one."""
    if not _key(settings) and not settings.anthropic_base_url:
        return providers()["offline"].make(settings, desktop, "")
    return claude_model(settings, DEFAULT_MODEL)


def cassette(path: str, *, strict: bool) -> Model:
    """Plays a recorded run again."""
    return CassetteModel(Path(path), strict=strict)


def recording(settings: Settings, desktop: Desktop, path: str) -> Model:
    """Records what the usual model answers."""
    return RecordingModel(usual_model(settings, desktop), Path(path))


def is_anthropic(base_url: str | None) -> bool:
    """Whether an address (None: the default one) is Anthropic's own."""
    if not base_url:
        return True
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in _ANTHROPIC)


def claude_model(settings: Settings, model: str) -> Model:
    """A model that speaks the Messages API, Anthropic's or at an address of one's own."""
    secret, base_url = _key(settings), settings.anthropic_base_url or None
    if trouble := _no_provider(model, base_url) or _trouble(secret, base_url):
        return UnavailableModel(model, trouble)
    client = new_client(secret or None, base_url)
    dialect = _dialect(settings, model)
    own = is_anthropic(base_url) or dialect.name != "portable"
    asks: Literal["nothing", "server", "dialect"] = "nothing" if own else "server"
    if asks == "server" and settings.dialect == "auto":
        asks = "dialect"
    return AnthropicModel(model, dialect, client, secrets=(secret,), asks=asks)


def _no_provider(model: str, base_url: str | None) -> str:
    """What is wrong with ``provider:model``, and how it is reached; servers of one's own may have
    colons in their names.
    """
    provider, colon, name = model.partition(":")
    if provider.lower() == "litellm" and colon:
        found = "" if find_spec("litellm") else " (it is not installed here)"
        return _LITELLM.format(name=name, found=found)
    if colon and is_anthropic(base_url):
        named = [f"{kind.name}:" for kind in providers("settings").values() if _takes_id(kind)]
        return _NO_PROVIDER.format(provider=provider, name=name, known=" and ".join(named))
    return ""


def _takes_id(kind: ModelKind) -> bool:
    return kind.prefixed and kind.takes == "model"


def _key(settings: Settings) -> str:
    key = settings.anthropic_api_key
    return key.get_secret_value().strip() if key is not None else ""


def _trouble(secret: str, base_url: str | None) -> str:
    """What bars any request, and what to do about it; empty when nothing does."""
    if is_anthropic(base_url) and not secret:
        return _NO_KEY
    if not all(" " < sign <= "~" for sign in secret):
        return _BAD_KEY
    return "" if base_url is None or _is_address(base_url) else _BAD_ADDRESS


def _is_address(url: str) -> bool:
    if any(sign.isspace() for sign in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _dialect(settings: Settings, model: str) -> Dialect:
    if settings.dialect == "portable":
        return PortableDialect()
    if settings.dialect == "auto" and not is_anthropic(settings.anthropic_base_url):
        return PortableDialect()
    if settings.dialect == "toolset":
        return ToolsetDialect()
    return claude_dialect(model) if settings.dialect == "auto" else HostedDialect()


class UnavailableModel:
    """A model that is not configured: each turn says what is missing."""

    def __init__(self, model: str, reason: str) -> None:
        self._model = model
        self._reason = reason

    @property
    def name(self) -> str:
        return self._model

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """Nothing.

        Raises:
            ModelUnavailable: always.
        """
        raise ModelUnavailable(self._reason)
        yield  # type: ignore[unreachable]

    async def check(self) -> None:
        """Say what is missing.

        Raises:
            ModelUnavailable: always.
        """
        raise ModelUnavailable(self._reason)

    async def close(self) -> None:
        """Nothing is open."""
