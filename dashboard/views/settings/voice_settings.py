"""When the agent speaks and who hears first, beside the microphone: switched while talking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import param

from agent.errors import BadInput, SaysoError
from agent.record.events import Event, SettingChanged
from agent.setting_kinds import Setting
from dashboard.js.component import View
from dashboard.views.background_tasks import BackgroundTasks
from dashboard.voice.client.voice_settings import SWITCHES, VOICE
from dashboard.words import t

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from dashboard.web.preferences import Preferences
    from dashboard.web.registry import Entry

_HERE = Path(__file__).parent


class VoiceSettingsMenu(View):
    """A button that says how the agent speaks, and a menu to change it.

    Messages: ``{"type": "set", "name", "value"}`` and ``{"type": "go", "view", "place"}``.
    """

    narration = param.String("act-while-speaking")
    mode = param.String("tool")
    switches = param.List([], doc="Name, title, and choices: value, label, says.")

    _esm = _HERE / "voice_settings.bundle.js"
    _stylesheets = [_HERE / "voice_settings.css"]  # noqa: RUF012 - as Panel declares it


class VoiceSettingsControl:
    """Keeps a menu and a session's voice in step; what is chosen is kept for next time."""

    def __init__(
        self,
        entry: Entry,
        preferences: Preferences,
        act: Callable[[dict[str, Any]], None],
        within: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._conductor = entry.conductor
        self._preferences = preferences
        self._act = act
        self._within = within
        self._background = BackgroundTasks()
        self.menu = VoiceSettingsMenu(
            self._on, switches=[_listed(SWITCHES[VOICE + name]) for name in ("narration", "mode")]
        )
        self._show()
        self._unsubscribe = entry.session.log.subscribe(self._see)

    def close(self) -> None:
        """Let go of the session's log."""
        self._unsubscribe()
        self._background.close()

    def _see(self, event: Event) -> None:
        if isinstance(event, SettingChanged) and event.name.startswith(VOICE):
            with self._within():
                self._show()

    def _show(self) -> None:
        voice_settings = self._conductor.voice_settings
        self.menu.param.update(narration=voice_settings.narration, mode=voice_settings.mode)

    def _on(self, message: dict[str, Any]) -> None:
        if message.get("type") != "set":
            self._act(message)
            return
        name, value = str(message.get("name")), message.get("value")
        try:
            self._conductor.change(name, value)
        except BadInput:
            self._show()
        else:
            self._background.start(lambda: self._keep(VOICE + name, value))

    async def _keep(self, name: str, value: Any) -> None:
        """For the next session as well, if that is the person's to decide."""
        try:
            await asyncio.to_thread(self._preferences.put, name, value)
        except SaysoError:
            return  # the environment decides, or the disk refuses: this session has it all the same


def _listed(switch: Setting) -> dict[str, Any]:
    choices = [{"value": c.value, "label": t(c.label), "says": t(c.says)} for c in switch.choices]
    name, title = switch.name.removeprefix(VOICE), t(switch.says).removesuffix(".")
    return {"name": name, "title": title, "choices": choices}
