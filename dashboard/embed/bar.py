"""The bar to act with: who has the mouse, what it cost, a line to type in, Stop."""

from __future__ import annotations

from pathlib import Path

import param

from dashboard.js.component import View


class BarView(View):
    """Sends ``say`` with ``text``, ``stop``, ``take`` and ``give``.

    ``{"refused": text}`` gives words that could not be taken back to the line that they came from.
    """

    who = param.String("idle")
    detail = param.String("")
    usage = param.String("", doc="What was used, in words.")
    running = param.Boolean(False)
    dictating = param.Boolean(False, doc="Whether what is said is typed as it is said.")
    able = param.Boolean(False, doc="Whether there is a desktop whose mouse can be taken.")
    talks = param.Boolean(True, doc="Whether there is anybody to type to, and to stop.")

    _esm = Path(__file__).parent / "bar.bundle.js"
    _stylesheets = [Path(__file__).parent / "js" / "bar.css"]  # noqa: RUF012 - as Panel declares it
