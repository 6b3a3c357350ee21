"""The settings of whoever looks at the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from agent.errors import SaysoError
from agent.network.policy import Mode
from agent.providers import KeyKind, key_kinds
from agent.record.events import (
    ApprovalDecided,
    DesktopChanged,
    Event,
    GrantWithdrawn,
    SettingChanged,
)
from agent.session.changes import AT_ONCE
from agent.session.status import Status
from dashboard.view_registry import ViewContext
from dashboard.views.background_tasks import BackgroundTasks
from dashboard.views.layout import sheet
from dashboard.views.settings.brought import Brought
from dashboard.views.settings.catalogue import (
    FIELDS,
    GROUPS,
    another_model,
    another_provider,
    parted,
)
from dashboard.views.settings.form import SettingsForm
from dashboard.views.settings.memory import MemoryCard
from dashboard.views.settings.secrets import Secrets
from dashboard.voice.client.voice_settings import VOICE
from dashboard.words import marked, t

_LEAD = marked(
    "Saved on this server, for you alone. What the environment or .env sets cannot be changed here."
)
_HOST = "host "
"""Before a host's name, where other grants have an approval's id."""

_TRIAL = "dashboard.views.settings.trial"


class SettingsView:
    """The view of one page."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context
        self._bench, self._entry = context.bench, context.entry
        self._mine = context.bench.people.of(context.entry.owner)
        self._hosts = context.bench.people.hosts(context.entry.owner)
        self._keys = context.bench.keys_of(context.entry.owner)
        self._tests: dict[str, tuple[bool, str]] = {}
        self._background = BackgroundTasks()
        self._brought = Brought(context.entry.session, context.entry.conductor, self._mine.check)
        groups = [group.shown() for group in GROUPS]
        self._form = SettingsForm(self._act, groups=groups, sizing_mode="stretch_width")
        self._unsubscribe = context.entry.session.log.subscribe(self._see)
        self._secrets = Secrets(context)
        self._memory = MemoryCard(context)
        cards = (self._form, self._memory.form, self._secrets.form)
        self.root = sheet(t("Settings"), t(_LEAD), *cards, width=980)
        self._show()

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """Show what is in force; ``place`` names a field or group to lead to."""
        self._form.place = wanted.get("place", "")
        self._show()
        self._secrets.show()
        self._memory.show()
        self._background.start(self._find_home, aside=True)

    def leave(self) -> None:
        self._form.param.update(errors={}, place="")
        self._tests.clear()

    def close(self) -> None:
        self._unsubscribe()
        self._background.close()
        self._secrets.close()
        self._memory.close()

    # What is in force ----------------------------------------------------------------------

    def _show(self) -> None:
        self._form.param.update(
            fields={name: self._field(name) for name in FIELDS},
            keys=[self._key(kind) for kind in key_kinds().values()],
            trouble=self._mine.trouble,
            brought=self._brought.shown(),
            grants=[
                {"id": approval, "words": grant.words}
                for approval, grant in self._entry.session.grants.items()
            ]
            + [
                {
                    "id": f"{_HOST}{host}",
                    "words": t("reaching {host}, in all your sessions.", host=host),
                }
                for host in self._hosts.hosts
            ],
        )

    def _field(self, name: str) -> dict[str, Any]:
        if FIELDS[name].control == "fact":
            session = self._entry.session
            said = confinement(session.status, session.network.mode)
            return {"value": said, "set": False, "lock": ""}
        kept = "model" if name == "provider" else name
        value = self._value(kept)
        if name in ("provider", "model"):
            value = parted(value)[name == "model"]
        value = FIELDS[name].in_form(value)
        return {
            "value": list(value) if isinstance(value, tuple) else "" if value is None else value,
            "set": self._mine.is_set(kept),
            "lock": self._mine.lock(kept),
        }

    def _value(self, name: str) -> Any:
        """What the running session follows is shown as it is there."""
        if name.startswith(VOICE):
            return getattr(self._entry.conductor.voice_settings, name.removeprefix(VOICE))
        if name in AT_ONCE:
            return getattr(self._entry.session.effective, name)
        return self._mine.value(name)

    def _key(self, kind: KeyKind) -> dict[str, Any]:
        name = kind.name
        place = self._keys.place(name)
        good, result = self._tests.get(name, (False, ""))
        where = {
            "environment": t("Set by {name} in the environment", name=name),
            "dotenv": t("Set by {name} in .env", name=name),
            "keyring": t("In the system's keyring"),
            "file": t("In {path}, which only you can read", path=self._keys.path),
            "nowhere": t("None"),
            "unread": t(
                "Unknown: {path} cannot be read now. Look again later", path=self._keys.path
            ),
        }[place]
        entered = place in ("keyring", "file", "nowhere", "unread")
        return {
            "name": name,
            "label": t(kind.label),
            "says": t(kind.says),
            "where": where,
            "there": place not in ("nowhere", "unread"),
            "mine": entered,
            "good": good,
            "result": result,
        }

    def _see(self, event: Event) -> None:
        if isinstance(event, SettingChanged | ApprovalDecided | GrantWithdrawn | DesktopChanged):
            with self._context.within():
                self._show()

    async def _find_home(self) -> None:
        keys = self._keys
        ring = await asyncio.to_thread(lambda: keys.has_ring)
        with self._context.within():
            self._form.home = t("the system's keyring") if ring else f"{keys.path} (mode 0600)"

    # What is changed -------------------------------------------------------------------------

    def _act(self, message: dict[str, Any]) -> None:
        name = str(message.get("name"))
        kind = message.get("type")
        if kind in ("put", "reset") and _changeable(name):
            value = message.get("value") if kind == "put" else None
            self._background.start(partial(self._carry_out, name, value, reset=kind == "reset"))
        elif kind == "take":
            self._take_over(name)
        elif kind == "withdraw" and name.startswith(_HOST):
            self._background.start(partial(self._ask_again, name.removeprefix(_HOST)))
        elif kind == "withdraw":
            self._entry.session.withdraw(name)
        elif kind in ("key", "try_key", "remove_key") and name in key_kinds():
            self._background.start(
                partial(self._key_work, str(kind), name, str(message.get("value")))
            )

    async def _ask_again(self, host: str) -> None:
        others = {k: v for k, v in self._form.errors.items() if k != "network"}
        try:
            await asyncio.to_thread(self._hosts.remove, host)
        except SaysoError as error:
            others["network"] = str(error)
        with self._context.within():
            self._form.errors = others
            self._show()

    def _take_over(self, name: str) -> None:
        others = {k: v for k, v in self._form.errors.items() if k != name}
        try:
            self._brought.take(name)
        except SaysoError as error:
            others[name] = str(error)
        self._form.errors = others

    async def _carry_out(self, name: str, value: Any, *, reset: bool) -> None:
        others = {k: v for k, v in self._form.errors.items() if k != name}
        later = self._form.later
        try:
            await self._change(name, value, reset=reset)
        except SaysoError as error:
            others[name] = str(error)
        else:
            later = later or FIELDS[name].when != "now"
        with self._context.within():
            self._form.param.update(errors=others, later=later)
            self._show()

    async def _change(self, name: str, value: Any, *, reset: bool) -> None:
        kept = "model" if name == "provider" else name
        if reset:
            await asyncio.to_thread(self._mine.reset, kept)
            self._apply(kept, self._mine.value(kept))
        else:
            value = await asyncio.to_thread(self._mine.put, kept, self._wanted(name, value))
            self._apply(kept, value)

    def _wanted(self, name: str, value: Any) -> Any:
        if name not in ("provider", "model"):
            return FIELDS[name].from_form(value)
        if name == "provider":
            return another_provider(self._mine.value("model"), str(value))
        return another_model(self._mine.value("model"), str(value))

    def _apply(self, name: str, value: Any) -> None:
        """To the running session, where it follows such a setting."""
        if name.startswith(VOICE):
            self._entry.conductor.change(name.removeprefix(VOICE), value)
        elif name in AT_ONCE:
            self._entry.session.change(name, value)

    # Keys --------------------------------------------------------------------------------------

    async def _key_work(self, kind: str, name: str, value: str) -> None:
        keys = self._keys
        with self._context.within():
            self._tests.pop(name, None)  # what comes is news, though it be the same again
            self._show()
        try:
            if kind == "try_key":
                trial = await asyncio.to_thread(import_module, _TRIAL)  # it takes a second
                self._tests[name] = await trial.try_key(name, keys, self._bench.settings)
            elif kind == "key":
                await asyncio.to_thread(keys.put, name, value)
                self._tests[name] = (True, t("Saved. Your next session will use it."))
            else:
                await asyncio.to_thread(keys.remove, name)
                self._tests[name] = (True, t("Removed. Your next session will not use it."))
        except SaysoError as error:
            self._tests[name] = (False, str(error))
        changed = kind != "try_key" and self._tests[name][0]
        if changed:
            self._bench.admit_voices(self._entry.owner)
        with self._context.within():
            self._form.later = self._form.later or changed
            self._show()


def _changeable(name: str) -> bool:
    return name in FIELDS and FIELDS[name].control != "fact"


_REACHED: Mapping[Mode, str] = {
    "off": marked("Confined: programs see a home folder of their own, and no network."),
    "listed": marked(
        "Confined: programs see a home folder of their own, and of the network what is known or "
        "what you allow."
    ),
    "open": marked(
        "Confined: programs see a home folder of their own, and public hosts of the network."
    ),
}


def confinement(status: Status, network: Mode = "off") -> str:
    """Whether a session's desktop is confined, and its programs are watched."""
    if status.desktop != "ready":
        return t("The desktop is not running.")
    why = status.unwatched
    watched = t("Programs that start are watched.")
    if why:
        watched = t("Programs are not watched: {why}.", why=why)
    if status.unbounded:
        open_end = t(
            "What they take of the machine together is not bounded: {why}.", why=status.unbounded
        )
        watched = f"{watched} {open_end}"
    if status.confined:
        return f"{t(_REACHED[network])} {watched}"
    rights = t("Not confined: programs run with your own rights, and on your network.")
    return f"{rights} {watched}"


def build(context: ViewContext) -> SettingsView:
    """The view for a page."""
    return SettingsView(context)
