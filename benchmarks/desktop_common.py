"""The common way to see and operate a Linux desktop: a process for each action."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess

from agent.desktop import VirtualDesktop


class CommonWay:
    """One process per action, as in the published examples."""

    def __init__(self, desktop: VirtualDesktop) -> None:
        env = desktop.env
        self._env = {
            **os.environ,
            "DISPLAY": env.display,
            "XAUTHORITY": str(env.xauthority),
        }
        self._shot = desktop.home.parent / "shot.png"
        # by its versioned name where Debian gives one: `convert` may be a wrapper
        names = ("convert-im6.q16", "convert-im7.q16", "magick", "convert")
        self._convert = next(name for name in names if shutil.which(name))

    def run(self, *argv: str) -> bytes:
        done = subprocess.run(argv, env=self._env, capture_output=True, check=True, timeout=60)
        return done.stdout

    def click(self, x: int, y: int) -> None:
        self.run("xdotool", "mousemove", str(x), str(y), "click", "1")

    def key(self, combo: str) -> None:
        self.run("xdotool", "key", "--", combo)

    def type(self, text: str) -> None:
        for start in range(0, len(text), 50):
            self.run("xdotool", "type", "--delay", "12", "--", text[start : start + 50])

    def screenshot(self) -> str:
        self.run("scrot", "-o", "-p", str(self._shot))
        self.run(self._convert, str(self._shot), "-resize", "1280x800!", str(self._shot))
        return base64.b64encode(self._shot.read_bytes()).decode()
