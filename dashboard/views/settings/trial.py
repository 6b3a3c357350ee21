"""Whether a key opens what it is for: one small request to the service, without cost."""

from __future__ import annotations

from agent.errors import SaysoError
from agent.keys import KeyStore
from agent.providers import VOICE_KEYS, key_kinds
from agent.settings import Settings
from dashboard.voice.hume import TokenMint
from dashboard.words import t


async def try_key(name: str, keys: KeyStore, settings: Settings) -> tuple[bool, str]:
    """Whether it works, and a sentence about it that does not hold the key."""
    kind = key_kinds()[name]
    if kind in VOICE_KEYS:
        return await _hume(keys, settings)
    if (key := keys.get(name)) is None:
        return False, t("There is no key to test.")
    if kind.test is None:
        return False, t("Its provider has no test for it.")
    return await kind.test(key, settings)


async def _hume(keys: KeyStore, settings: Settings) -> tuple[bool, str]:
    key, secret = keys.get("HUME_API_KEY"), keys.get("HUME_SECRET_KEY")
    if key is None or secret is None:
        return False, t("Hume needs both keys, from the same project.")
    try:
        await TokenMint(key, secret, settings.hume_base_url).token(fresh=True)
    except SaysoError as error:
        return False, str(error)
    return True, t("Both keys work: Hume gave a token.")
