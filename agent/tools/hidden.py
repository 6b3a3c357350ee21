"""Terminals in which a program reads without showing what is typed: a password, as a rule."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from agent.desktop.act.typist import is_terminal
from agent.desktop.base import Desktop, Window
from agent.desktop.see.echo import TellsEcho
from agent.errors import DesktopError
from agent.tools.focus import Focus

_PATIENCE = 0.5
_LONGEST = 80
"""Characters of a prompt that are told."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A program that reads so. ``prompt`` is its question, if the terminal shows one."""

    prompt: str = ""

    @property
    def target(self) -> dict[str, str]:
        """``unshown prompt`` for an intent."""
        return {"unshown": "yes"} | ({"prompt": self.prompt} if self.prompt else {})

    @property
    def quoted(self) -> str:
        return f" (“{self.prompt}”)" if self.prompt else ""

    @property
    def met(self) -> str:
        """For the model, whose keys have led there."""
        return (
            f"A program there now reads without showing what is typed{self.quoted}, as for a "
            "password. Make none up: ask the person, who can also type it themselves."
        )


async def hidden_in(desktop: Desktop, window: Window | None, focus: Focus) -> Hidden | None:
    """What reads so in the window that has the keyboard; None for all that can be told."""
    if window is None or not is_terminal(window.wm_class.lower()):
        return None
    if not isinstance(desktop, TellsEcho) or await desktop.echo(window) != "hidden":
        return None
    return Hidden(await _prompt(desktop, window, focus))


async def _prompt(desktop: Desktop, window: Window, focus: Focus) -> str:
    node = focus.node
    if node is None or node.role != "terminal" or not focus.is_in(window):
        return ""
    try:
        async with asyncio.timeout(_PATIENCE):
            text = await desktop.text_of(node)
    except (DesktopError, TimeoutError):
        return ""
    line = " ".join(text.rstrip().rpartition("\n")[2].split())
    if not line.endswith(
        (":", "?", "\uff1a")
    ):  # it reads without a prompt: that is the shell's line
        return ""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
