"""Not a test: ``python -m agent`` that writes down its desktop's state before it closes it.

``python command_that_looks.py STATE.json WORDS…``; see test_main_job_terminal.py.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from agent.__main__ import main
from agent.desktop import VirtualDesktop
from agent.desktop.server.connection import open_display
from agent.session.session import Session


class LookingSession(Session):
    """A session whose desktop is looked at when it ends."""

    async def close(self, reason: str = "") -> None:
        state = await _state(self.desktop)  # type: ignore[arg-type]
        await asyncio.to_thread(Path(sys.argv[1]).write_text, json.dumps(state))
        await super().close(reason)


async def _state(desktop: VirtualDesktop) -> dict[str, Any]:
    nodes = (await desktop.tree()).showing("text")
    return {
        "windows": [[w.title, w.wm_class, w.active] for w in await desktop.windows()],
        "text": "".join(n.text or "" for n in nodes if "mousepad" in n.app.lower()),
        "files": {p.name: p.read_text() for p in desktop.home.glob("*.txt")},
        "pressed": await asyncio.to_thread(_pressed, desktop),
    }


def _pressed(desktop: VirtualDesktop) -> list[int]:
    display = open_display(desktop.env)
    try:
        bits = display.query_keymap()
        return [n for n in range(256) if bits[n // 8] & (1 << (n % 8))]
    finally:
        display.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], session_class=LookingSession))
