"""Pictures for the model, written while the screen comes to rest.

A small picture takes 20 to 50 ms to write (see `pictures`). Whoever wants one has to wait for
the screen to be quiet anyway, so writing begins at the first lull; and what is on the screen
then is compared pixel by pixel with what was written, so that no picture is ever old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from agent.desktop.base import EncodedImage
from agent.desktop.see.pictures import Pixels


class ScreenshotEncoder:
    """Knows the latest pixels and their picture, finished or under way.

    Args:
        develop: writes a picture; runs in threads.
    """

    def __init__(self, develop: Callable[[Pixels], EncodedImage]) -> None:
        self._develop = develop
        self._pixels: Pixels | None = None
        self._picture: asyncio.Task[EncodedImage] | None = None

    def known(self, pixels: Pixels) -> Pixels:
        """The latest pixels themselves if these are equal; else these. From any thread."""
        latest = self._pixels
        return latest if latest is not None and np.array_equal(latest, pixels) else pixels

    def begin(self, pixels: Pixels) -> asyncio.Task[EncodedImage]:
        """Have a picture of what `known` returned; it may be there already."""
        if self._picture is None or self._pixels is not pixels or _failed(self._picture):
            self._pixels = pixels
            self._picture = asyncio.create_task(asyncio.to_thread(self._develop, pixels))
            self._picture.add_done_callback(_failed)
        return self._picture

    async def idle(self) -> None:
        """Return when no picture is being written."""
        if self._picture is not None and not self._picture.done():
            await asyncio.wait({self._picture})


def _failed(picture: asyncio.Task[EncodedImage]) -> bool:
    return picture.done() and (picture.cancelled() or picture.exception() is not None)
