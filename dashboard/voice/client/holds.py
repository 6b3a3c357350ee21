"""Several reasons to hold the agent, one hold: it ends when the last reason does."""

from __future__ import annotations

from typing import Protocol


class Holdable(Protocol):
    """What can be held: a session."""

    def hold(self, reason: str) -> None: ...

    def release(self, reason: str = "") -> None: ...


class Holds:
    """Reasons of the voice's own, by name. A hold that the person asked for is not among them."""

    def __init__(self, session: Holdable) -> None:
        self._session = session
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __bool__(self) -> bool:
        return bool(self._names)

    def begin(self, name: str, reason: str) -> None:
        """Hold, for one more reason."""
        self._names.add(name)
        self._session.hold(reason)

    def end(self, name: str, why: str) -> None:
        """One reason is gone; without another, the work goes on."""
        if name in self._names:
            self._names.discard(name)
            if not self._names:
                self._session.release(why)

    def forget(self) -> None:
        """Something stronger decides from now on: new words, a stop, a hold that was asked for."""
        self._names.clear()
