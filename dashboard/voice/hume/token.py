"""Short-lived access tokens for browsers, minted with keys that stay on the server.

Source: ``POST /oauth2-cc/token`` of Hume's API (client credentials); a token lives 30 minutes.
"""

from __future__ import annotations

import httpx
from pydantic import SecretStr

from agent.clock import Clock, MonotonicClock
from agent.errors import ConfigurationError, VoiceError

LIFETIME = 25 * 60.0
"""Seconds for which a token is handed out again: five minutes less than it lives."""


class TokenMint:
    """Mints a token when asked and keeps it while it is good."""

    def __init__(
        self,
        api_key: SecretStr,
        secret_key: SecretStr,
        base_url: str,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._auth = httpx.BasicAuth(api_key.get_secret_value(), secret_key.get_secret_value())
        self._url = base_url.rstrip("/") + "/oauth2-cc/token"
        self._clock: Clock = clock or MonotonicClock()
        self._kept: tuple[str, float] | None = None

    async def token(self, *, fresh: bool = False) -> str:
        """An access token good for at least five minutes.

        Raises:
            ConfigurationError: Hume refuses the keys.
            VoiceError: Hume cannot be reached or answers strangely.
        """
        if self._kept is not None and not fresh and self._clock.now() < self._kept[1]:
            return self._kept[0]
        token = await self._mint()
        self._kept = (token, self._clock.now() + LIFETIME)
        return token

    async def _mint(self) -> str:
        try:
            async with httpx.AsyncClient(timeout=10, auth=self._auth) as client:
                answer = await client.post(self._url, data={"grant_type": "client_credentials"})
        except httpx.HTTPError as error:
            raise VoiceError(
                f"Hume cannot be reached ({type(error).__name__}). Check the network, or unset "
                "HUME_API_KEY to use the offline voice."
            ) from None
        return _token_of(answer)


def _token_of(answer: httpx.Response) -> str:
    if answer.status_code in (400, 401, 403):
        raise ConfigurationError(
            f"Hume refuses the keys (HTTP {answer.status_code}). Check HUME_API_KEY and "
            "HUME_SECRET_KEY, both from the same project."
        )
    token = answer.json().get("access_token") if answer.is_success else None
    if not isinstance(token, str) or not token:
        raise VoiceError(f"Hume gave no access token (HTTP {answer.status_code}). Try again later.")
    return token
