"""Claude on the clouds that the SDK has clients for, and what goes wrong with sign-in.

Bedrock and Google's Vertex need packages of the SDK's extras (``sayso[clouds]``);
all take credentials that are the cloud's own, from the environment or its usual files. Where
Anthropic runs the service itself (its platform on AWS, its models on Google Cloud), it is spoken to
as at its own address; where a cloud does, in the older tool's way, which is the one that is known
to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from anthropic import (
    AnthropicError,
    AsyncAnthropicAWS,
    AsyncAnthropicBedrock,
    AsyncAnthropicFoundry,
    AsyncAnthropicGoogleCloud,
    AsyncAnthropicVertex,
)
from anthropic.lib.bedrock import AsyncAnthropicBedrockMantle

from agent.errors import ModelUnavailable
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect, claude_dialect
from agent.models.claude.model import SILENCE_SECONDS, AnthropicModel, Client
from agent.models.claude.signing import SignIn

_SIGN_IN_ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("anthropic.lib._extras._common", "MissingDependencyError"),
)
_BEDROCK = (
    "Bedrock cannot be used: set AWS_REGION and AWS credentials (AWS_PROFILE, or "
    "AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY), and install 'sayso[clouds]'."
)
_VERTEX = (
    "Google Cloud cannot be used: set CLOUD_ML_REGION and ANTHROPIC_VERTEX_PROJECT_ID, sign in "
    "with its application default credentials, and install 'sayso[clouds]'."
)


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud: its client in the SDK, how a model is spoken to there, what it needs."""

    client: Callable[..., Client]
    dialect: Callable[[str], Dialect]
    advice: str


def _older(model: str) -> Dialect:
    return HostedDialect()


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "aws": Cloud(
            AsyncAnthropicAWS,
            claude_dialect,
            "The Claude platform on AWS cannot be used: set AWS_REGION, "
            "ANTHROPIC_AWS_WORKSPACE_ID, and ANTHROPIC_AWS_API_KEY or AWS credentials.",
        ),
        "mantle": Cloud(
            AsyncAnthropicBedrockMantle,
            _older,
            "Bedrock's Messages API cannot be used: set AWS_REGION, and AWS_BEARER_TOKEN_BEDROCK "
            "or AWS credentials.",
        ),
        "foundry": Cloud(
            AsyncAnthropicFoundry,
            _older,
            "Microsoft Foundry cannot be used: set ANTHROPIC_FOUNDRY_RESOURCE and "
            "ANTHROPIC_FOUNDRY_API_KEY.",
        ),
        "google": Cloud(
            AsyncAnthropicGoogleCloud,
            claude_dialect,
            "Claude on Google Cloud cannot be used: set ANTHROPIC_GOOGLE_CLOUD_PROJECT and "
            "ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID, and sign in with its application default "
            "credentials.",
        ),
    }
)


def cloud_model(name: str, model: str, *, client: Client | None = None) -> AnthropicModel:
    """A Claude on one of `CLOUDS`.

    Raises:
        ModelUnavailable: what its client needs is not there.
    """
    cloud = CLOUDS[name]
    wrong = _sign_in_errors(AnthropicError, ValueError)
    try:
        client = client or cloud.client(max_retries=0, timeout=SILENCE_SECONDS)
    except wrong as error:
        raise ModelUnavailable(f"{cloud.advice} ({error})") from error
    dialect = cloud.dialect(model)
    if name == "google" and isinstance(dialect, ToolsetDialect):
        dialect = dialect.leaving("system")  # the page on them does not name it
    return AnthropicModel(model, dialect, client, sign_in=SignIn(_sign_in_errors(), cloud.advice))


def bedrock_model(model: str, *, client: AsyncAnthropicBedrock | None = None) -> AnthropicModel:
    """Bedrock keeps the older tool.

    Raises:
        ModelUnavailable: no region is known.
    """
    try:
        client = client or AsyncAnthropicBedrock(max_retries=0, timeout=SILENCE_SECONDS)
    except _sign_in_errors(AnthropicError, ValueError) as error:
        raise ModelUnavailable(f"{_BEDROCK} ({error})") from error
    return AnthropicModel(
        model, HostedDialect(effort=False), client, sign_in=SignIn(_sign_in_errors(), _BEDROCK)
    )


def vertex_model(
    model: str, dialect: Dialect, *, client: AsyncAnthropicVertex | None = None
) -> AnthropicModel:
    """Google Cloud takes the toolset for models that have it.

    Raises:
        ModelUnavailable: no region is known.
    """
    try:
        client = client or AsyncAnthropicVertex(max_retries=0, timeout=SILENCE_SECONDS)
    except _sign_in_errors(AnthropicError, ValueError) as error:
        raise ModelUnavailable(f"{_VERTEX} ({error})") from error
    if isinstance(dialect, ToolsetDialect):  # what its pages do not say that it has
        for option in ("system", "speed", "fallbacks", "task_budget"):
            dialect = dialect.leaving(option)
    return AnthropicModel(model, dialect, client, sign_in=SignIn(_sign_in_errors(), _VERTEX))


def _sign_in_errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """What the clients raise for lack of credentials; they have no root in common."""
    found: list[type[Exception]] = [ImportError, RuntimeError, *more]
    for module, name in _SIGN_IN_ERRORS:
        try:
            found.append(getattr(import_module(module), name))
        except ImportError:
            continue
    return tuple(found)
