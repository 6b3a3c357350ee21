"""Keys that a person enters: kept in the system's keyring, or else in ``.env`` in the data folder.

What the environment or the server's ``.env`` says wins and is never changed here. A key is
handed to `Settings` and to nobody else: not to ``os.environ``, from which a desktop might
inherit it, and not to a log.
"""

from __future__ import annotations

import io
import logging
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from dotenv import dotenv_values
from pydantic import SecretStr

from agent.disk import DiskHangs, at_hand, put_aside
from agent.errors import BadInput, ConfigurationError
from agent.providers import key_kinds
from agent.settings import Settings

_log = logging.getLogger(__name__)

Place = Literal["environment", "dotenv", "keyring", "file", "nowhere", "unread"]
"""Where a key is kept; ``unread`` while the file that would tell cannot be read."""

_SERVICE = "sayso"
_IN_RING = "in-the-keyring"
"""Stands in the file for a key that the keyring has, so that it is only asked for those."""

_FORM = re.compile(r"[A-Za-z0-9_.:+/=~-]{8,500}")
_PATIENCE = 20.0
"""Seconds for a keyring: it may ask the person to unlock it."""


class Ring(Protocol):
    """A keyring, as the library ``keyring`` has it."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def system_ring() -> Ring | None:
    """The system's keyring, or None where there is none that keeps anything."""
    try:
        import keyring
        from keyring.backends import chainer, fail, null

        ring = keyring.get_keyring()
        if isinstance(ring, chainer.ChainerBackend):
            ring = next(iter(ring.backends), ring)
    except Exception:  # noqa: BLE001 - a keyring may be broken in any way; then there is none
        _log.warning("The system's keyring cannot be used", exc_info=True)
        return None
    empty = isinstance(ring, fail.Keyring | null.Keyring | chainer.ChainerBackend)
    return None if empty else ring


class KeyStore:
    """The keys of one server. A keyring may ask the person: not on a loop, but for `fill`.

    A file that cannot be read is looked at again whenever it is needed, and never written over.
    One that is no text is put aside before another is written.
    """

    def __init__(self, settings: Settings, ring: Callable[[], Ring | None] = system_ring) -> None:
        self.path = settings.data_dir / ".env"
        self._settings = settings
        self._find_ring = ring
        self._known: dict[str, str] = {}
        self._values: dict[str, SecretStr] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._unread, self._damaged = True, False
        self._look()

    def place(self, name: str) -> Place:
        """Where the key in use is kept."""
        if self._settings.key(name) is not None:
            return "environment" if name in os.environ else "dotenv"
        trouble = self._look()
        if name not in self._values:
            return "unread" if trouble else "nowhere"
        return "keyring" if self._known.get(name) == _IN_RING else "file"

    def get(self, name: str) -> SecretStr | None:
        """The key in use."""
        given = self._settings.key(name)
        if given is not None:
            return given
        self._look()
        return self._values.get(name)

    def fill(self, settings: Settings) -> Settings:
        """The settings with the keys that they lack."""
        kept = {name: self.get(name) for name in key_kinds()}
        return settings.with_keys({name: key for name, key in kept.items() if key})

    @property
    def has_ring(self) -> bool:
        """Whether there is a keyring for what is entered next."""
        return self._in_ring(lambda ring: None)

    def put(self, name: str, value: str) -> Place:
        """Keep a key; returns where.

        Raises:
            BadInput: it cannot be a key, or the environment has one, which wins.
            ConfigurationError: it can be kept nowhere.
        """
        value = value.strip()
        if self._settings.key(name) is not None:
            raise BadInput(f"{name} is set by the environment or .env; change it there.")
        if not _FORM.fullmatch(value):
            raise BadInput("That is not a key: a key has at least 8 letters, digits and symbols.")
        with self._lock:
            self._check_read()
            kept = self._in_ring(lambda ring: ring.set_password(_SERVICE, name, value))
            self._write({**self._known, name: _IN_RING if kept else value})
            self._values[name] = SecretStr(value)
        return self.place(name)

    def remove(self, name: str) -> None:
        """Forget a key that was entered.

        Raises:
            BadInput: the environment has it.
            ConfigurationError: the file cannot be written.
        """
        if self._settings.key(name) is not None:
            raise BadInput(f"{name} is set by the environment or .env; remove it there.")
        with self._lock:
            self._check_read()
            ring_has = self._known.get(name) == _IN_RING
            self._write({k: v for k, v in self._known.items() if k != name})
            self._values.pop(name, None)
            if ring_has:
                self._in_ring(lambda ring: ring.delete_password(_SERVICE, name))

    def _check_read(self) -> None:
        if why := self._look():
            raise ConfigurationError(
                f"{self.path} cannot be read ({why}), so no key is changed: those in it would be "
                "lost. Try again when it can be read."
            )

    def _look(self) -> str:
        """Read the file unless it has been read; why it cannot be, or nothing."""
        with self._reading:
            if not self._unread:
                return ""
            try:
                text = at_hand(lambda: self.path.read_text("utf-8"))
            except (FileNotFoundError, NotADirectoryError):
                text = ""
            except OSError as error:
                return _why(error)
            except UnicodeDecodeError:
                text, self._damaged = "", True
            found = dotenv_values(stream=io.StringIO(text), interpolate=False)
            self._known = {k: v for k, v in found.items() if v}
            keys = {k: self._ask_ring(k) if v == _IN_RING else v for k, v in self._known.items()}
            self._values = {k: SecretStr(key) for k, key in keys.items() if key}
            self._unread = False
            return ""

    def _ask_ring(self, name: str) -> str:
        told: list[str | None] = []
        self._in_ring(lambda ring: told.append(ring.get_password(_SERVICE, name)))
        return (told[0] if told else None) or ""

    def _in_ring(self, work: Callable[[Ring], None]) -> bool:
        """Whether a keyring did it, in time."""
        done: list[bool] = []

        def run() -> None:
            try:
                ring = self._find_ring()
                if ring is not None:
                    work(ring)
                    done.append(True)
            except Exception:  # noqa: BLE001 - it may refuse in any way: the file is next
                _log.warning("The system's keyring refused", exc_info=True)

        asking = threading.Thread(target=run, name="keyring", daemon=True)
        asking.start()
        asking.join(_PATIENCE)
        return bool(done)

    def _write(self, known: dict[str, str]) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in sorted(known.items()))
        try:
            if self._damaged:
                at_hand(lambda: put_aside(self.path))
                self._damaged = False
            at_hand(lambda: _put(self.path, lines))
        except OSError as error:
            self._unread = isinstance(error, DiskHangs)  # it may be written in the end
            advice = " Try again when it does." if self._unread else ""
            raise ConfigurationError(
                f"Keys cannot be kept in {self.path} ({_why(error)}).{advice}"
            ) from None
        self._known = known


def _why(error: OSError) -> str:
    return "the disk does not answer" if isinstance(error, DiskHangs) else str(error.strerror)


def _put(path: Path, lines: str) -> None:
    beside = path.with_suffix(".new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(lines.encode())
    beside.replace(path)
