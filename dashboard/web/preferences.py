"""What each person has set: a file per owner, beneath what the environment says."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.disk import DiskHangs, at_hand, put_aside
from agent.errors import BadInput, ConfigurationError
from agent.keys import KeyStore
from agent.prompts.library import PromptLibrary
from agent.providers import provider_of
from agent.session.changes import checked
from agent.session.kept_hosts import KeptHosts
from agent.settings import SETTINGS, Settings
from dashboard.voice.client.voice_settings import SWITCHES, VOICE, VoiceSettings, changed
from dashboard.web.identity import LOCAL

DECLARED = {**SETTINGS, **SWITCHES}
"""Every setting, by its name in the log and in what is kept."""

_DEFAULTS = "{} could not be read; the defaults are in force."


class Preferences:
    """One person's settings. They are read when a session begins.

    Args:
        path: Where they are kept.
        base: What holds where the person has set nothing.
        voice_settings: The same of the voice.
        files: Whether the person may name a file of the server.
    """

    def __init__(
        self,
        path: Path,
        base: Settings,
        voice_settings: VoiceSettings | None = None,
        *,
        files: bool = True,
    ) -> None:
        self.path = path
        self._base = base
        self._files = files
        self._voice_settings = voice_settings or VoiceSettings()
        self.trouble = ""
        """Why what was kept could not be read; empty when all is well."""

        self._lock = threading.Lock()
        self._unread = ""
        """Why the file must be read (again) before it is written; empty if it need not."""

        self._damaged = False
        """Whether the file holds what was not understood: it is put aside before another is."""

        self._values: dict[str, Any] | None = None
        self._reading = threading.Lock()
        self._look()

    @property
    def _set(self) -> dict[str, Any]:
        """What the person has set; looked for again where the file could not be read."""
        with self._reading:  # a late look must not undo what was put meanwhile
            if self._unread:
                self._look()
        return self._values or {}

    @property
    def settings(self) -> Settings:
        """What a new session of this person is made from."""
        own = {k: v for k, v in self._set.items() if not k.startswith(VOICE)}
        return self._base.model_copy(update=own)

    @property
    def voice_settings(self) -> VoiceSettings:
        """How a new session of this person speaks."""
        own = {k.removeprefix(VOICE): v for k, v in self._set.items() if k.startswith(VOICE)}
        return self._voice_settings.model_copy(update=own)

    def value(self, name: str) -> Any:
        """The value in force."""
        if name.startswith(VOICE):
            return getattr(self.voice_settings, name.removeprefix(VOICE))
        return getattr(self.settings, name)

    def is_set(self, name: str) -> bool:
        """Whether the person has set it."""
        return name in self._set

    def lock(self, name: str) -> str:
        """The variable that decides it and where that is set; empty when the person may."""
        owner = self._voice_settings if name.startswith(VOICE) else self._base
        setting = DECLARED.get(name)
        if setting is None or name.removeprefix(VOICE) not in owner.model_fields_set:
            return ""
        variable = setting.variable
        here = variable in os.environ
        return f"{variable} in the environment" if here else f"{variable} in .env"

    def put(self, name: str, value: Any) -> Any:
        """Keep a value; returns it as it is understood.

        Raises:
            BadInput: it is not settable, the environment decides it, or it cannot be so.
            ConfigurationError: the disk refuses; nothing was changed.
        """
        value = self.check(name, value)
        with self._lock:
            self._change(lambda kept: {**kept, name: value})
        return value

    def reset(self, name: str) -> None:
        """Forget a value: the default is in force again.

        Raises:
            ConfigurationError: the disk refuses.
        """
        with self._lock:
            self._change(lambda kept: {k: v for k, v in kept.items() if k != name})

    def check(self, name: str, value: Any) -> Any:
        """A value as it is understood, if this person may have it.

        Raises:
            BadInput: it is not settable, the environment decides it, or it cannot be so.
        """
        if lock := self.lock(name):
            raise BadInput(f"This is decided by {lock}; change it there.")
        if name.startswith(VOICE):
            switch = name.removeprefix(VOICE)
            return getattr(changed(self._voice_settings, switch, value), switch)
        setting = DECLARED.get(name)
        if setting is None or not setting.kind.personal:
            raise BadInput(f"“{name}” cannot be set here.")
        if name == "model" and not self._files and _names_file(value):
            raise BadInput("Only whoever runs the server can choose a recorded run: it is a file.")
        value = checked(name, value)
        if setting.kind.disk and not self._files:
            most = getattr(self._base, name)
            unlimited = value == 0 and setting.kind.unlimited_at_zero
            if most and (value > most or unlimited):
                allowed = f"{most / setting.kind.scale:g} {setting.kind.unit}"
                raise BadInput(f"Only whoever runs the server can allow more than {allowed}.")
        return value

    def _look(self) -> None:
        """Take what is kept and still good; the rest is passed over, and told."""
        try:
            kept = json.loads(at_hand(self.path.read_bytes))
        except (FileNotFoundError, NotADirectoryError):
            kept = {}
        except OSError as error:
            self._unread = _why(error)
            if self._values is None:
                self.trouble = _DEFAULTS.format(self.path)
            return
        except ValueError:
            kept = None
        self._unread, self.trouble = "", ""
        if not isinstance(kept, dict):
            self._values, self.trouble, self._damaged = {}, _DEFAULTS.format(self.path), True
            return
        good: dict[str, Any] = {}
        for name, value in kept.items():
            with contextlib.suppress(BadInput):
                good[name] = self.check(name, value)
        if lost := [name for name in kept if name not in good and not self.lock(name)]:
            self.trouble = f"Not understood and left out: {', '.join(lost)}."
            self._damaged = True
        self._values = good

    def _change(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        values, why = change(self._set), self._unread
        if not why:
            try:
                if self._damaged:
                    at_hand(lambda: put_aside(self.path))
                    self._damaged = False
                at_hand(lambda: _put(self.path, values))
            except OSError as error:
                why = _why(error)
                self._unread = why if isinstance(error, DiskHangs) else ""  # it may come to be
        if why:
            raise ConfigurationError(f"Settings cannot be kept in {self.path} ({why}).")
        self._values, self.trouble = values, ""


@dataclass(slots=True)
class People:
    """Everybody's settings and prompts, by owner mark."""

    base: Settings
    voice_settings: VoiceSettings = field(default_factory=VoiceSettings)
    _known: dict[str, Preferences] = field(default_factory=dict)
    _keys: dict[str, KeyStore] = field(default_factory=dict, repr=False)
    _hosts: dict[str, KeptHosts] = field(default_factory=dict)

    def folder(self, owner: str) -> Path:
        """Where an owner's things are kept. Marks are hexadecimal, so none leads elsewhere."""
        if not owner.isalnum():
            raise ValueError("an owner's mark is letters and digits")
        return self.base.data_dir / "people" / owner[:32]

    def of(self, owner: str) -> Preferences:
        """An owner's settings; read once, then kept up to date here."""
        if owner not in self._known:
            path = self.folder(owner) / "settings.json"
            self._known[owner] = Preferences(
                path, self.base, self.voice_settings, files=owner == LOCAL
            )
        return self._known[owner]

    def hosts(self, owner: str) -> KeptHosts:
        """What hosts an owner has allowed for good; read once, then kept up to date here."""
        if owner not in self._hosts:
            self._hosts[owner] = KeptHosts(self.folder(owner) / "hosts")
        return self._hosts[owner]

    def keys(self, owner: str) -> KeyStore:
        """An owner's keys; read once, then kept up to date here.

        They lie in the owner's folder: the system's keyring is that of whoever runs the server.
        """
        if owner not in self._keys:
            own = self.base.model_copy(update={"data_dir": self.folder(owner)})
            self._keys[owner] = KeyStore(own, ring=lambda: None)
        return self._keys[owner]

    def inherit(self, heir: str, owners: Iterable[str]) -> None:
        """Give ``heir``, who has nothing yet, the settings and prompts of earlier owners.

        Of what two of them have, the first one's is taken. The originals stay. A disk that
        refuses costs no more than that: it is tried again at the next start.
        """
        target = self.folder(heir)
        if target.exists():
            return
        beside = target.with_suffix(".new")
        with contextlib.suppress(OSError):
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(mode=0o700, parents=True)
            for owner in owners:
                _copy_absent(self.folder(owner), beside)
            beside.rename(target)

    def library(self, owner: str) -> PromptLibrary:
        """An owner's prompts."""
        return PromptLibrary(self.folder(owner) / "prompts")


def _why(error: OSError) -> str:
    if isinstance(error, DiskHangs):
        return "the disk does not answer; try again when it does"
    return str(error.strerror)


def _put(path: Path, values: Mapping[str, Any]) -> None:
    beside = path.with_suffix(".new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1)
    beside.replace(path)


def _copy_absent(source: Path, target: Path) -> None:
    """Copy settings and prompts of which the target has none of that name. Links stay links."""
    wanted = [source / "settings.json"]
    with contextlib.suppress(FileNotFoundError):
        wanted += sorted((source / "prompts").iterdir())
    for one in wanted:
        to = target / one.relative_to(source)
        if one.is_symlink() or to.exists():
            continue
        to.parent.mkdir(mode=0o700, exist_ok=True)
        if one.is_dir():
            shutil.copytree(one, to, symlinks=True)
        elif one.is_file():
            shutil.copy2(one, to)


def _names_file(model: Any) -> bool:
    return provider_of(str(model))[0].takes == "file"
