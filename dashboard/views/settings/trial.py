"""Whether a key opens what it is for: one small request to the service, without cost."""

from __future__ import annotations

import anthropic
from pydantic import SecretStr

from agent.errors import SaysoError
from agent.keys import KeyName, KeyStore
from agent.models.claude.model import new_client
from agent.settings import DEFAULT_MODEL, Settings
from dashboard.voice.evi import TokenMint

_SECONDS = 15.0


async def try_key(name: KeyName, keys: KeyStore, settings: Settings) -> tuple[bool, str]:
    """Whether it works, and a sentence about it that does not hold the key."""
    if name == "ANTHROPIC_API_KEY":
        key = keys.get(name)
        return await _anthropic(key, settings) if key else (False, "There is no key to test.")
    return await _hume(keys, settings)


async def _anthropic(key: SecretStr, settings: Settings) -> tuple[bool, str]:
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


async def _hume(keys: KeyStore, settings: Settings) -> tuple[bool, str]:
    key, secret = keys.get("HUME_API_KEY"), keys.get("HUME_SECRET_KEY")
    if key is None or secret is None:
        return False, "Hume needs both keys, from the same project."
    try:
        await TokenMint(key, secret, settings.hume_base_url).token(fresh=True)
    except SaysoError as error:
        return False, str(error)
    return True, "Both keys work: Hume gave a token."
