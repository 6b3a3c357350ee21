"""Whether a key opens Anthropic's service: one small request, without cost."""

from __future__ import annotations

import anthropic
from pydantic import SecretStr

from agent.models.claude.model import new_client
from agent.settings import DEFAULT_MODEL, Settings

_SECONDS = 15.0


async def try_key(key: SecretStr, settings: Settings) -> tuple[bool, str]:
    """Whether it works, and a sentence about it that does not hold the key."""
    client = new_client(key.get_secret_value(), settings.anthropic_base_url, silence=_SECONDS)
    try:
        await client.messages.count_tokens(
            model=DEFAULT_MODEL, messages=[{"role": "user", "content": "Hello"}]
        )
    except (anthropic.AuthenticationError, anthropic.PermissionDeniedError):
        return False, "The service refuses this key."
    except anthropic.NotFoundError:
        return True, f"The key is accepted, but {DEFAULT_MODEL} is not offered to it."
    except anthropic.APIStatusError as error:
        return False, f"The service answered with an error (HTTP {error.status_code})."
    except anthropic.APIConnectionError:
        return False, "The service cannot be reached. Check the network."
    finally:
        await client.close()
    return True, "It works: the service accepts this key."
