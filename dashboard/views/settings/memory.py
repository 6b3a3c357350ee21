"""Notes that outlast a session, in Settings: the person reads, changes and removes them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import param

from agent.errors import SaysoError
from agent.tools.memory import Memory
from dashboard.js.component import View
from dashboard.view_registry import ViewContext
from dashboard.views.background_tasks import BackgroundTasks
from dashboard.web.disk import from_disk
from dashboard.words import t

_WHAT = "the memory"

_HERE = Path(__file__).parent


class MemoryForm(View):
    """The notes, each with its text.

    Messages: ``{"type": "write", "name", "text"}``, ``{"type": "forget", "name"}``.
    """

    notes = param.List([], doc="Name and text of each file.")
    active = param.Boolean(False, doc="Whether a new session may read and write them.")
    error = param.String("", doc="Why the last change was not made.")
    said = param.String("", doc="What has happened.")

    _esm = _HERE / "memory.bundle.js"
    _stylesheets = [_HERE / "secrets.css", _HERE / "memory.css"]  # noqa: RUF012 - as Panel has it


class MemoryCard:
    """Keeps the form and a person's memory in step."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context
        self._background = BackgroundTasks()
        self.form = MemoryForm(self._take, sizing_mode="stretch_width")

    def show(self) -> None:
        """Show what there is now; a session may have changed it."""
        self._background.start(self._look, aside=True)

    def close(self) -> None:
        self._background.close()

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("type") in ("write", "forget"):
            self._background.start(lambda: self._change(message))

    async def _change(self, message: dict[str, Any]) -> None:
        memory, name = self._memory(), str(message.get("name") or "").strip()
        error = said = ""
        try:
            if message["type"] == "write":
                text = str(message.get("text") or "")
                await from_disk(partial(memory.write, name, text), _WHAT)
                said = t("Saved “{name}”.", name=name)
            else:
                await from_disk(partial(memory.forget, name), _WHAT)
                said = t("“{name}” is forgotten.", name=name)
        except SaysoError as refused:
            error = str(refused)
        with self._context.within():
            self.form.param.update(error=error, said=said)
        await self._look()

    async def _look(self) -> None:
        settings = self._settings()
        notes, error = [], ""
        try:
            notes = await from_disk(Memory(settings.memory_folder).notes, _WHAT)
        except SaysoError as refused:
            error = str(refused)
        with self._context.within():
            shown = [{"name": note.name, "text": note.text} for note in notes]
            self.form.param.update(notes=shown, active=settings.memory)
            if error:
                self.form.error = error

    def _memory(self) -> Memory:
        return Memory(self._settings().memory_folder)

    def _settings(self) -> Any:
        return self._context.bench.settings_of(self._context.entry.owner)
