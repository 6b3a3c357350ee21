"""A model that is built when it is first asked, on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from agent.errors import ModelUnavailable
from agent.models.base import Model, ModelPart, ModelRequest, check_model, warm_model
from agent.record.events import Usage


class LazyModel:
    """For services whose packages take seconds to import and read files of credentials.

    ``build`` runs off the event loop, again for each turn until it succeeds: what is missing
    may have been fixed in between.
    """

    def __init__(
        self,
        model: str,
        build: Callable[[], Model],
        *,
        dialect: str = "",
        takes_system_messages: bool = False,
    ) -> None:
        self.dialect = dialect
        """Who is spoken to, and how; a conversation with another one starts over."""

        self.takes_system_messages = takes_system_messages
        """Whether it is known, before it is built, to take them."""

        self._model = model
        self._build = build
        self._inner: Model | None = None

    @property
    def name(self) -> str:
        return self._model

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One turn of the model within.

        Raises:
            ModelUnavailable: it cannot be built.
        """
        async with aclosing((await self._built()).stream(request)) as parts:
            async for part in parts:
                yield part

    async def warm(self, request: ModelRequest) -> Usage | None:
        """Build it, and have its service read ahead; None where that cannot be."""
        try:
            return await warm_model(await self._built(), request)
        except ModelUnavailable:
            return None

    async def check(self) -> None:
        """Build it, and let it look for itself.

        Raises:
            ModelUnavailable: it cannot be built or used.
        """
        await check_model(await self._built())

    async def _built(self) -> Model:
        if self._inner is None:
            self._inner = await asyncio.to_thread(self._build)
        return self._inner

    async def close(self) -> None:
        if self._inner is not None:
            await self._inner.close()
