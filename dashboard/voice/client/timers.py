"""Named one-shot timers on the running loop; setting one again replaces it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """A handful of call-laters that die together."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def after(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        """Call ``action`` in ``seconds`` unless ``name`` is set again or cancelled before."""
        self.cancel(name)
        self._handles[name] = asyncio.get_running_loop().call_later(seconds, action)

    def cancel(self, name: str) -> None:
        """Forget the timer, if it is set."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def cancel_all(self) -> None:
        """Forget all of them."""
        for name in tuple(self._handles):
            self.cancel(name)
