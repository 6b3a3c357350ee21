"""Hosts that a person has allowed for good: a small file of theirs."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from agent.disk import DiskHangs, at_hand, put_aside
from agent.errors import ConfigurationError
from agent.network.addresses import is_address, local_name, read_host

MOST = 1000


class KeptHosts:
    """Read once, then kept up to date here.

    Args:
        path: Where they are kept, one a line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hosts: tuple[str, ...] | None = None
        self._damaged = False
        """Whether the file holds what was not understood: it is put aside before another is."""

        self._lock = threading.Lock()

    @property
    def hosts(self) -> tuple[str, ...]:
        """What is allowed; nothing while the file cannot be read."""
        with contextlib.suppress(OSError):
            return self._read()
        return ()

    def _read(self) -> tuple[str, ...]:
        if self._hosts is None:
            lines: list[str] = []
            try:
                lines = at_hand(lambda: self._path.read_text("utf-8")).splitlines()
            except (FileNotFoundError, NotADirectoryError):
                pass
            except ValueError:
                self._damaged = True
            self._hosts = tuple(line for line in lines[:MOST] if _public(line))
            self._damaged = self._damaged or len(self._hosts) < len(lines)
        return self._hosts

    def add(self, hosts: Iterable[str]) -> None:
        """Allow hosts for good.

        Raises:
            ConfigurationError: the disk refuses, or there are too many; nothing was changed.
        """
        new = tuple(filter(_public, hosts))
        self._write(lambda kept: tuple(dict.fromkeys((*kept, *new))))

    def remove(self, host: str) -> None:
        """Ask about a host again.

        Raises:
            ConfigurationError: the disk refuses; nothing was changed.
        """
        self._write(lambda kept: tuple(each for each in kept if each != host))

    def _write(self, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        with self._lock:
            self._write_in_turn(change)

    def _write_in_turn(self, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        try:
            hosts = change(self._read())
            if len(hosts) > MOST:
                raise ConfigurationError(f"No more than {MOST} hosts can be allowed for good.")
            if self._damaged:
                at_hand(lambda: put_aside(self._path))
                self._damaged = False
            at_hand(lambda: _put(self._path, hosts))
        except DiskHangs as error:
            self._hosts = None  # it may be written in the end
            raise ConfigurationError(
                f"The disk with {self._path} does not answer; try again when it does."
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"{self._path} cannot be written ({error.strerror})."
            ) from error
        self._hosts = hosts


def _public(host: str) -> bool:
    return read_host(host) == host and not is_address(host) and not local_name(host)


def _put(path: Path, hosts: tuple[str, ...]) -> None:
    beside = path.with_suffix(".new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("".join(f"{host}\n" for host in hosts))
    beside.replace(path)
