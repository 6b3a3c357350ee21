"""What a cloud's client needs to sign in, and whether it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from agent.errors import ModelUnavailable

SIGN_SECONDS = 10.0
"""How long a cloud's own library may look for credentials; after that the first turn will tell."""


class Copied(Protocol):
    """A client of the SDK."""

    def copy(self, *, http_client: httpx2.AsyncClient, max_retries: int) -> Any:
        """The same client over another connection."""
        ...


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a cloud's client raises for lack of credentials, and what a person then reads."""

    errors: tuple[type[Exception], ...] = ()
    advice: str = ""

    def fault(self, said: str) -> ModelUnavailable:
        """The advice, with the client's own words on one line."""
        return ModelUnavailable(f"{self.advice} ({' '.join(said.split())})")


NO_SIGN_IN = SignIn()
"""Of a service that takes a key."""


async def try_to_sign(
    client: Copied, model: str, sign_in: SignIn, scrub: Callable[[str], str]
) -> None:
    """Have the client sign a request, which is not sent.

    Raises:
        ModelUnavailable: a package or credentials are missing.
    """
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(_unsent)) as nowhere:
        copy = client.copy(http_client=nowhere, max_retries=0)
        message = {"role": "user", "content": "-"}
        asking = copy.messages.with_raw_response.create(
            model=model, max_tokens=1, messages=[message]
        )
        try:
            await asyncio.wait_for(asking, SIGN_SECONDS)
        except sign_in.errors as error:
            raise sign_in.fault(scrub(str(error))) from None
        except TimeoutError:
            return


def _unsent(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, json={}, request=request)
