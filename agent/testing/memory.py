"""A session's journal that lives in memory, for tests that make thousands."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from agent.desktop.base import EncodedImage
from agent.record.events import Image
from agent.record.log import MemoryJournal
from agent.record.rows import Damage


class MemorySessionJournal(MemoryJournal):
    """Events, pictures and prompt, gone with the process."""

    def __init__(self) -> None:
        super().__init__()
        self.prompt: str | None = None
        self._images: dict[str, bytes] = {}

    def copy(self) -> MemorySessionJournal:
        """What is written at this moment, as the next process would find it."""
        twin = MemorySessionJournal()
        twin._events, twin.prompt, twin._images = list(self._events), self.prompt, self._images
        return twin

    def put_image(self, image: EncodedImage) -> Image:
        digest = self.put_content(image.data, image.media_type)
        return Image(
            sha256=digest, media_type=image.media_type, width=image.width, height=image.height
        )

    def put_content(self, data: bytes, media_type: str) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self._images[digest] = data
        return digest

    def image_base64(self, sha256: str) -> str | None:
        data = self._images.get(sha256)
        return base64.b64encode(data).decode() if data is not None else None

    def damage(self, images: Iterable[Image] = ()) -> Damage:
        """Nothing is read from elsewhere; only pictures can be missing."""
        return Damage(pictures=len({image.sha256 for image in images} - self._images.keys()))

    def close(self) -> None:
        """Nothing is held."""
