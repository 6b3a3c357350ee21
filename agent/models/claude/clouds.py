"""Claude on Amazon Bedrock and on Google Cloud: clients, and what goes wrong with sign-in.

Both need the SDK's extras (``anthropic[bedrock]``, ``anthropic[vertex]``) and credentials
that are the cloud's own, from the environment or its usual files.
"""

from __future__ import annotations

from importlib import import_module

from anthropic import AnthropicError, AsyncAnthropicBedrock, AsyncAnthropicVertex

from agent.errors import ModelUnavailable
from agent.models.claude.dialects import Dialect
from agent.models.claude.hosted import HostedDialect
from agent.models.claude.model import SILENCE_SECONDS, AnthropicModel, SignIn

_SIGN_IN_ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("anthropic.lib._extras._common", "MissingDependencyError"),
)
_BEDROCK = (
    "Bedrock cannot be used: set AWS_REGION and AWS credentials (AWS_PROFILE, or "
    "AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY), and install anthropic[bedrock]."
)
_VERTEX = (
    "Google Cloud cannot be used: set CLOUD_ML_REGION and ANTHROPIC_VERTEX_PROJECT_ID, sign in "
    "with its application default credentials, and install anthropic[vertex]."
)


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
    return AnthropicModel(model, dialect, client, sign_in=SignIn(_sign_in_errors(), _VERTEX))


def _sign_in_errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """What the clients raise for want of credentials; they have no root in common."""
    found: list[type[Exception]] = [ImportError, RuntimeError, *more]
    for module, name in _SIGN_IN_ERRORS:
        try:
            found.append(getattr(import_module(module), name))
        except ImportError:
            continue
    return tuple(found)
