"""What the page's browser components share on Python's side."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from dashboard.js.relay import Event, Relay, refusal

__all__ = ["Act", "Bundled", "Event", "Message", "RelayComponent", "View"]

Message = dict[str, Any]
"""A small JSON object between a component and its page; `type` says what it is."""
Act = Callable[[Message], None]
"""Carries out what a person asks of a component."""

_log = logging.getLogger(__name__)


_PRESSES = 50
"""Presses that a component knows to have come, so that none is carried out twice."""


class Bundled(JSComponent):
    """A component whose browser part has an address of its own, kept by the browser for good.

    Without it Panel would send the code within each page's document, and the browser would
    rewrite it before it runs.

    What a person presses comes with a mark (`dashboard/js/link/presses.js`) and is acknowledged:
    sent again after a gap it is carried out once.
    """

    _pressed: deque[str] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        esm = cls.__dict__.get("_esm")
        if isinstance(esm, Path) and esm.name.endswith(".bundle.js"):
            cls._bundle = esm
        super().__init_subclass__(**kwargs)

    @classmethod
    def _component_resource_path(cls, esm_path: Path, compiled: Any) -> str:
        path: str = super()._component_resource_path(esm_path, compiled)  # type: ignore[no-untyped-call]
        return f"{path}?v={_version(esm_path, esm_path.stat().st_mtime_ns)}"

    def _handle_msg(self, data: Any) -> None:
        press = data.pop("press", None) if isinstance(data, dict) else None
        if isinstance(press, str):
            self._send_msg({"type": "arrived", "press": press})  # type: ignore[no-untyped-call]
            if self._pressed is None:
                self._pressed = deque(maxlen=_PRESSES)
            if press in self._pressed:
                return
            self._pressed.append(press)
        self._heard(data)

    def _heard(self, data: Any) -> None:
        """A message of the browser part, once."""


def _broke(data: Any) -> bool:
    """Whether a browser part says that it failed; logged then."""
    if not isinstance(data, dict) or data.get("type") != "broke":
        return False
    _log.error("%s in the browser: %s", data.get("where"), data.get("text"))
    return True


@functools.cache
def _version(file: Path, modified: int) -> str:
    """Another one whenever the file is another one."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


class View(Bundled):
    """A component of the page whose browser part is written on `dashboard/js/base.js`.

    Its params are signals there. What the person does comes back as messages, each with a
    ``type``; a view that answers some of them itself overrides `take`.

    Args:
        act: Carries out what the person asks for.
    """

    def __init__(self, act: Act | None = None, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self._act = act

    def mirror(self, source: param.Parameterized, *names: str, **renamed: str) -> None:
        """Keep params equal to those of ``source``, from now on.

        Args:
            source: What they are copied from.
            names: Params of the same name on both sides.
            renamed: Own params, each with its name in ``source``.
        """
        own = {name: name for name in names} | renamed

        def copy(*_: object) -> None:
            self.param.update(**{mine: getattr(source, theirs) for mine, theirs in own.items()})

        source.param.watch(copy, list(dict.fromkeys(own.values())))
        copy()

    def post(self, message: Message) -> None:
        """Send a message to the browser; whoever is not there yet misses it."""
        self._send_msg(message)  # type: ignore[no-untyped-call]

    def take(self, message: Message) -> None:
        """A message of the browser: handed on, unless the view answers it itself."""
        if self._act is not None:
            self._act(message)

    def _heard(self, data: Any) -> None:
        if not isinstance(data, dict) or not isinstance(data.get("type"), str):
            return
        if _broke(data):
            if self._act is not None:
                self._act(data)
        else:
            self.take(data)


class RelayComponent(Bundled):
    """A component of the page that talks through a `Relay`.

    Args:
        on_event: Called on the server's loop with each event of the page, in order.
    """

    def __init__(self, on_event: Callable[[Event], None] | None = None, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self._relay = Relay(self._send_msg, on_event)

    def post(self, message: Event) -> int:
        """Sends a message to the page; returns the id under which the page acknowledges it."""
        return self._relay.post(message)

    def refuse_ticket(self, code: str, message: str, advice: str) -> int:
        """Answers `local.need_ticket` with the reason why there is none; shown to the person."""
        return self.post(refusal(code, message, advice))

    def _heard(self, data: Any) -> None:
        if not _broke(data):
            self._relay.receive(data)
