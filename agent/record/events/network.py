"""Events of the desktop's network: what was reached, what was refused, and its gate."""

from __future__ import annotations

from typing import Literal

from agent.record.events.base import BaseEvent


class HostReached(BaseEvent):
    """A host may be reached from now on, for the first time in a task or between two of them.

    It stands before the connection is made, which may still fail.
    """

    kind: Literal["host_reached"] = "host_reached"
    host: str
    port: int
    by: Literal["listed", "open", "reach", "once", "session", "always"]
    """What allows it: the list that is shipped, the network being open, whoever started the server
    (``--reach``), or the person's answer."""

    approval_id: str = ""
    """The person's answer, where that was just given."""


class HostRefused(BaseEvent):
    """A program asked for a host and got no connection; once in a task for each reason."""

    kind: Literal["host_refused"] = "host_refused"
    host: str
    """As it was spelled, where that is why."""

    port: int
    why: Literal[
        "off", "port", "address", "local", "spelling", "quiet", "declined", "unanswered", "crowded"
    ]
    text: str = ""
    """The same in words for people."""


class GateChanged(BaseEvent):
    """The proxy that all connections go through ended: it was restarted, or is not any more."""

    kind: Literal["gate_changed"] = "gate_changed"
    state: Literal["restarted", "down"]
    detail: str = ""

    @property
    def text(self) -> str:
        """The same in words for people."""
        what = {
            "restarted": "The desktop's way to the network broke and was opened again; what was "
            "being loaded may have to be loaded again.",
            "down": "The desktop has no network any more: its gate broke too often. Restart the "
            "session to have it again.",
        }[self.state]
        return f"{what} ({self.detail})" if self.detail else what
