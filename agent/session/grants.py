"""What a person allows for the rest of a session, so that they are not asked again.

Only an action that can be shown in full beforehand can be allowed: the very same command, or the
very same line in the very same terminal window. Where what would happen depends on something else
(a selection, a clipboard, what a button acts on) there is nothing honest to allow.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.record.events import (
    ApprovalAsked,
    ApprovalDecided,
    Event,
    Grant,
    GrantWithdrawn,
    SessionOpened,
)
from agent.tools.base import Intent

LONGEST = 300
"""Characters of an action that can still be shown whole."""


class Grants:
    """What is allowed at present, derived from the log. Feed it every event in order.

    It ends with the session's process: a session that is resumed, or was imported, begins
    without, so that no stored record lets anything happen unasked.
    """

    def __init__(self) -> None:
        self._asked: dict[str, Grant] = {}
        self._given: dict[str, Grant] = {}

    @property
    def given(self) -> Mapping[str, Grant]:
        """What is allowed, by the approval that allowed it."""
        return dict(self._given)

    def add(self, event: Event) -> None:
        """Take in the next event."""
        match event:
            case ApprovalAsked(grant=Grant() as grant):
                self._asked[event.approval_id] = grant
            case ApprovalDecided():
                asked = self._asked.pop(event.approval_id, None)
                if asked is not None and event.decision == "allow" and event.for_session:
                    self._given[event.approval_id] = asked
            case GrantWithdrawn():
                self._given.pop(event.approval_id, None)
            case SessionOpened():
                self._asked.clear()
                self._given.clear()
            case _:
                pass

    def covers(self, wanted: Grant | None) -> bool:
        """Whether this very action is allowed."""
        return wanted is not None and any(g.match == wanted.match for g in self._given.values())


def command_grant(intent: Intent) -> Grant | None:
    """The very same command of the shell tool."""
    command = intent.target.get("command", "")
    if not _showable(command):
        return None
    words = f"the command “{command}”, exactly as it stands, in whatever folder the shell is then."
    return Grant(match={"tool": intent.tool, "command": command}, words=words)


def line_grant(intent: Intent) -> Grant | None:
    """The very same line, typed into the very same terminal window."""
    line = intent.target.get("line", "").removesuffix("\n")
    if not intent.window or intent.target.get("changed") or not _showable(line):
        return None
    if intent.target.get("unshown"):  # a password
        return None
    title = intent.target.get("title") or intent.target.get("wm_class") or "the same"
    words = f"the line “{line}”, exactly as it stands, in this terminal window ({title[:60]})."
    return Grant(match={"tool": intent.tool, "line": line, "window": intent.window}, words=words)


def program_grant(intent: Intent) -> Grant | None:
    """The very same program, with the same words in the same folder, started the same way."""
    line, exact = intent.target.get("line", ""), intent.target.get("exact", "")
    if not exact or not _showable(line) or "…" in line or "•••" in line:
        return None
    by, how = intent.target.get("by", ""), intent.target.get("how", "")
    words = f"starting “{line}”, exactly as it stands, by {by or 'any program'} in the same folder."
    return Grant(match={"tool": intent.tool, "exact": exact, "by": by, "how": how}, words=words)


def call_grant(intent: Intent) -> Grant | None:
    """The very same call of an MCP server's tool."""
    server, tool = intent.target.get("mcp_server", ""), intent.target.get("mcp_tool", "")
    given = intent.target.get("mcp_given", "")
    if not server or not _showable(tool) or not _showable(given):
        return None
    words = f"“{tool}” of the MCP server “{server}” with {given}, exactly as it stands."
    return Grant(match={"tool": intent.tool, "call": intent.action, "given": given}, words=words)


def _showable(text: str) -> bool:
    """Whether a person can see all of it: nothing left out, nothing that is not seen."""
    return bool(text.strip()) and len(text) <= LONGEST and text.isprintable()
