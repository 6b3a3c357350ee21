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
from agent.kinds import ModelKind, model_kinds
from agent.models.base import Model, ModelPart, ModelRequest
from agent.models.cassette import CassetteModel, RecordingModel
from agent.models.claude.clouds import bedrock_model, vertex_model
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect, claude_dialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.models.lazy_model import LateModel
from agent.settings import DEFAULT_MODEL, FILED, Settings

_log = logging.getLogger(__name__)
_ANTHROPIC = ("anthropic.com", "claude.com")
_NO_KEY = (
    "There is no Anthropic key. Put one into ANTHROPIC_API_KEY, "
    "or choose the model offline, which needs none."
)

_BAD_KEY = (
    "What ANTHROPIC_API_KEY holds cannot be a key: it has a space, a line break or a letter that "
    "no key has. Copy the key again."
)
_NO_PROVIDER = (
    "Sayso has no provider “{provider}”; it has bedrock: and vertex:. A server that speaks the "
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
    """The model that ``settings.model`` names.

    ``auto`` (Claude where a key or an address is set, else offline), ``offline``,
    ``cassette:PATH`` and ``cassette-strict:PATH`` (replay), ``record:PATH`` (record what
    ``auto`` would be), ``bedrock:ID``, ``vertex:ID``, ``NAME:ANYTHING`` of a provider that was
    brought (`agent.kinds`), or a model id.

    Raises:
        ConfigurationError: the name's form is wrong.
    """
    kind, _, rest = settings.model.strip().partition(":")
    if kind in FILED and not rest:
        raise ConfigurationError(
            f"The model {settings.model!r} lacks a path, as in {kind}:run.jsonl."
        )
    match kind:
        case "auto":
            return _auto(settings, desktop)
        case "offline":
            return _offline(desktop)
        case "cassette" | "cassette-strict":
            return CassetteModel(Path(rest), strict=kind == "cassette-strict")
        case "record":
            return RecordingModel(_auto(settings, desktop), Path(rest))
        case "bedrock":
            return LateModel(rest, lambda: bedrock_model(rest), dialect=kind)
        case "vertex":
            return _vertex(rest)
        case "":
            raise ConfigurationError("No model is named. SAYSO_MODEL may be auto or offline.")
        case _ if (brought := model_kinds().get(kind)) is not None:
            return _brought(brought, settings, desktop, rest)
        case _:
            return _claude(settings, settings.model.strip())


def _brought(kind: ModelKind, settings: Settings, desktop: Desktop, rest: str) -> Model:
    """What somebody else's provider makes; a fault of it is told by the first turn."""
    try:
        return kind.make(settings, desktop, rest)
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        _log.exception("The model %s cannot be made", settings.model)
        return UnavailableModel(settings.model, f"{kind.label} cannot be used: {error!r}.")


def is_anthropic(base_url: str | None) -> bool:
    """Whether an address (None: the default one) is Anthropic's own."""
    if not base_url:
        return True
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in _ANTHROPIC)


def _vertex(model: str) -> Model:
    return LateModel(model, lambda: vertex_model(model, claude_dialect(model)), dialect="vertex")


def _auto(settings: Settings, desktop: Desktop) -> Model:
    if not _key(settings) and not settings.anthropic_base_url:
        return _offline(desktop)
    return _claude(settings, DEFAULT_MODEL)


def _offline(desktop: Desktop) -> Model:
    from agent.models.offline import OfflineModel

    return OfflineModel(desktop)


def _claude(settings: Settings, model: str) -> Model:
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
        return _NO_PROVIDER.format(provider=provider, name=name)
    return ""


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
