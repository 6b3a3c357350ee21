"""Secrets that the agent may type, in Settings: named, bound to a program, for this session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param
from pydantic import SecretStr

from agent.errors import DesktopError, SaysoError
from agent.tools.vault import Secret
from dashboard.js.component import View
from dashboard.view_registry import ViewContext
from dashboard.views.background_tasks import BackgroundTasks
from dashboard.words import t

_HERE = Path(__file__).parent


class SecretsForm(View):
    """The list and the form.

    Messages: ``{"type": "keep", "name", "value", "program", "title"}``, ``{"type": "forget",
    "name"}``, ``{"type": "look"}``. A secret's text is in no param: the browser can read those.
    """

    rows = param.List([], doc="Name and where it may be typed, in words. Not the secret.")
    programs = param.List([], doc="Classes of the windows that are open.")
    error = param.String("", doc="Why the last one was not kept.")
    said = param.String("", doc="What has happened.")

    _esm = _HERE / "secrets.bundle.js"
    _stylesheets = [_HERE / "secrets.css"]  # noqa: RUF012 - as Panel has it


class Secrets:
    """Keeps the form and a session's secrets in step."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context
        self._session = context.entry.session
        self._background = BackgroundTasks()
        self.form = SecretsForm(self._take, sizing_mode="stretch_width")
        self.show()

    def show(self) -> None:
        """Show what there is now; another page may have changed it."""
        self.form.rows = [{"name": each.name, "place": each.place} for each in self._session.vault]

    def close(self) -> None:
        self._background.close()

    def _take(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "look":
            self._background.start(self._look)
        elif kind in ("keep", "forget"):
            error, said = "", ""
            try:
                said = self._keep(message) if kind == "keep" else self._forget(message)
            except SaysoError as refused:
                error = str(refused)
            self.form.param.update(error=error, said=said)
            self.show()

    def _keep(self, message: dict[str, Any]) -> str:
        name, value, program, title = (
            str(message.get(key) or "") for key in ("name", "value", "program", "title")
        )
        secret = Secret(name.strip(), SecretStr(value), program.strip(), title.strip())
        self._session.keep_secret(secret)
        self.form.post({"type": "kept"})
        return t("Saved. Say or type: type the secret {name}.", name=secret.name)

    def _forget(self, message: dict[str, Any]) -> str:
        name = str(message.get("name"))
        self._session.forget_secret(name)
        return t("Removed. “{name}” can no longer be typed.", name=name)

    async def _look(self) -> None:
        """Offer the programs that are open now."""
        try:
            windows = await self._session.desktop.windows()
        except DesktopError:
            return
        with self._context.within():
            self.form.programs = sorted({window.wm_class for window in windows if window.wm_class})
