"""What the model has seen of the screen: when to look, and what to say about changes.

One place decides when the screen is given time to settle. It is lazy: an action returns at
once, and whoever looks or acts next waits first, so that time spent thinking or streaming
counts as waiting.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from agent.desktop.base import Desktop, EncodedImage, Frame, Target, Window, responds
from agent.tools.took import quoted, window_words

_LOOK = (0.15, 0.07, 2.0)
"""Seconds before a picture: for something to begin, for quiet, at most."""

_NEXT = (0.08, 0.05, 0.5)
"""The same before the next action of a batch."""

_NOTICEABLE = 0.005
"""Share of pixels; less is a caret, a clock or a hover."""

UNCHANGED = "The screen is unchanged since your last picture."
ASK_AGAIN = f"{UNCHANGED} Ask once more if you want to be shown it again."
MOVING = "The screen was still changing when this picture was taken."
STUCK = "{} does not answer: its program is busy or hangs."
CHANGED_SINCE = "Before this action, the screen had changed since your last picture."


class Watch:
    """Remembers the frame that the model saw last, and the action that is not settled."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._seen: Frame | None = None
        self._acted_at: float | None = None
        self._ours = False
        """Whether the screen may differ from what the model saw by its own actions."""

        self._dialogs: tuple[Window, ...] | None = None
        self._told_to_ask_again = False
        self.note = ""
        """What to tell the model along with the last picture, or in place of it."""

    async def before_action(self) -> str:
        """Let the previous action settle briefly; a note if the screen moved under the model."""
        await self.calm()
        if self._ours or self._seen is None:
            return ""
        frame = await self._desktop.grab()
        return CHANGED_SINCE if changed_share(self._seen, frame) > _NOTICEABLE else ""

    async def calm(self) -> None:
        """Let the previous action settle briefly, if it has not yet."""
        await self._settle(*_NEXT)

    def acted(self) -> None:
        """Note that something was done to the desktop just now."""
        self._acted_at = time.monotonic()
        self._ours = True
        self._told_to_ask_again = False

    def forget(self) -> None:
        """Note that the model knows no picture any more."""
        self._seen, self._ours, self._told_to_ask_again = None, False, False

    async def new_dialogs(self) -> tuple[Window, ...]:
        """Dialogs that have opened since this was last asked."""
        found = [w for w in await self._desktop.windows() if w.kind == "dialog" and not w.minimised]
        known, self._dialogs = self._dialogs, tuple(found)
        old = found if known is None else known
        return tuple(w for w in found if w.id not in {other.id for other in old})

    async def stuck(self, window: Window | Target | None) -> str:
        """That a window's program takes nothing in; empty if it does, or that cannot be told."""
        if window is None:
            return ""
        which = window.window if isinstance(window, Target) else window.id
        if which is None or await responds(self._desktop, which):
            return ""
        return STUCK.format(quoted(window.title or window.wm_class or "an untitled window"))

    def dialog_before(self, window: int | None) -> Window | None:
        """The modal dialog that a window waits for, of those that were seen last."""
        return next((w for w in self._dialogs or () if w.blocks and w.blocks == window), None)

    async def look(self) -> EncodedImage | None:
        """A settled picture of the whole screen; sets ``note``.

        None if it shows nothing new, unless that was the answer last time as well: the
        picture that the model saw may have been cleared from its context since.
        """
        told, self._told_to_ask_again = self._told_to_ask_again, False
        picture = await self.closing()
        if picture is None and told:
            self.note = ""
            return await self._desktop.screenshot()
        if picture is None:
            self._told_to_ask_again, self.note = True, ASK_AGAIN
        return picture

    async def zoom(self, region: tuple[int, int, int, int]) -> EncodedImage:
        """A settled picture of a part; the model's view of the whole stays as it was."""
        self.note = "" if await self._settle(*_LOOK) else MOVING
        return await self._desktop.zoom(region)

    async def closing(self) -> EncodedImage | None:
        """A settled picture if it differs from the last one; sets ``note``.

        The note stays empty if the model was just told the same.
        """
        quiet = await self._settle(*_LOOK, picture=True)
        frame = await self._desktop.grab()
        opened = opened_words(await self.new_dialogs())
        stuck = await self.stuck(await self._desktop.active_window()) if self._ours else ""
        if self._seen is not None and changed_share(self._seen, frame) == 0:
            self.note = "" if self._told_to_ask_again else f"{UNCHANGED} {stuck}".strip()
            self._ours = False
            return None
        size = self._seen and (self._seen.width, self._seen.height)
        other = size not in (None, (frame.width, frame.height))
        resized = f"The screen is now {frame.width} x {frame.height}." if other else ""
        self.note = " ".join(filter(None, (resized, opened, stuck, "" if quiet else MOVING)))
        return await self._show(frame)

    async def _show(self, frame: Frame) -> EncodedImage:
        """The picture; only once it is there has the model seen the frame."""
        picture = await self._desktop.screenshot()
        self._seen, self._ours = frame, False
        return picture

    async def _settle(
        self, first: float, quiet: float, cap: float, *, picture: bool = False
    ) -> bool:
        """Wait for quiet after an action that was not waited for; whether it came."""
        if self._acted_at is None:
            return True
        gone = time.monotonic() - self._acted_at
        first = max(0.0, first - gone)
        settled = await self._desktop.settle(first=first, quiet=quiet, cap=cap, picture=picture)
        self._acted_at = None
        return settled.quiet


def opened_words(dialogs: Sequence[Window]) -> str:
    """That dialogs have opened; empty if none has."""
    names = " and ".join(window_words(dialog) for dialog in dialogs)
    return f"{names[:1].upper()}{names[1:]} has opened." if names else ""


def changed_share(one: Frame, other: Frame) -> float:
    """Share of pixels that differ; 1.0 for frames of different size."""
    if (one.width, one.height) != (other.width, other.height):
        return 1.0
    if one.rgb == other.rgb:
        return 0.0
    a, b = (np.frombuffer(frame.rgb, np.uint8) for frame in (one, other))
    differs = a != b
    return float((differs[0::3] | differs[1::3] | differs[2::3]).mean())
