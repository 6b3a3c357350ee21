"""Settings that came with an imported session, for a person to take over one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.errors import BadInput
from agent.session.imported import brought, brought_prompt
from agent.session.session import Session
from agent.setting_kinds import Setting
from dashboard.conductor import Conductor
from dashboard.views.settings.catalogue import FIELDS
from dashboard.voice.client.voice_settings import VOICE
from dashboard.words import t


class Brought:
    """What came with a session's import and is not in force.

    ``check`` (`Preferences.check`) says what of it the person may have.
    """

    def __init__(
        self, session: Session, conductor: Conductor, check: Callable[[str, Any], Any]
    ) -> None:
        self._session = session
        self._check = check
        self._conductor = conductor

    def shown(self) -> list[dict[str, str]]:
        """For the page: name, and what it would be in words."""
        rows = [self._row(name) for name in brought(self._session.log)]
        prompt = brought_prompt(self._session.log)
        if prompt is not None and not self._session.uses(prompt):
            rows.append({"name": "prompt", "words": t("System prompt: {name}", name=prompt.name)})
        return [row for row in rows if row]

    def take(self, name: str) -> None:
        """Let one hold from now on.

        Raises:
            BadInput: nothing of that name came, or it cannot be so here.
            ConfigurationError: the prompt cannot be filled in here.
        """
        if name == "prompt":
            prompt = brought_prompt(self._session.log)
            if prompt is None:
                raise BadInput(t("No system prompt came with this session."))
            self._session.use_prompt(prompt)
            return
        value = self._value(name)
        if name.startswith(VOICE):
            self._conductor.change(name.removeprefix(VOICE), value)
        else:
            self._session.change(name, value)

    def _row(self, name: str) -> dict[str, str]:
        try:
            value = self._value(name)
        except BadInput:
            return {}
        if value == self._in_force(name):
            return {}
        return {
            "name": name,
            "words": f"{t(FIELDS[name].kind.label)}: {_words(FIELDS[name], value)}",
        }

    def _value(self, name: str) -> Any:
        """What came, as this version would have it."""
        event = brought(self._session.log).get(name)
        field = FIELDS.get(name)
        if event is None or field is None or not field.importable:
            raise BadInput(
                t("“{name}” did not come with this session, or cannot be set here.", name=name)
            )
        return self._check(name, event.value)

    def _in_force(self, name: str) -> Any:
        if name.startswith(VOICE):
            return getattr(self._conductor.voice_settings, name.removeprefix(VOICE))
        return getattr(self._session.effective, name)


def _words(field: Setting, value: Any) -> str:
    labels = {choice.value: t(choice.label) for choice in field.choices}
    if isinstance(value, tuple | list):
        return ", ".join(labels.get(str(each), str(each)) for each in value) or t("none")
    if isinstance(value, bool):
        return t("on") if value else t("off")
    shown = "" if value is None else str(field.in_form(value))
    return " ".join((labels.get(shown, shown or t("none")), field.kind.unit)).strip()
