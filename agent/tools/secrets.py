"""Typing a secret: into the window it is for, into a field that does not show it."""

from __future__ import annotations

from agent.desktop.base import Window
from agent.errors import ToolError
from agent.tools.focus import Focus
from agent.tools.hidden import Hidden
from agent.tools.took import quoted, window_words
from agent.tools.vault import Secret

FIELD = "password text"
"""The role of a field that shows dots."""


def check(secret: Secret, window: Window, focus: Focus, hidden: Hidden | None) -> None:
    """See that the keyboard is where a secret may go.

    ``hidden``: what reads without showing it, in a terminal.

    Raises:
        ToolError: it is in another window, or the field is not known to hide what is typed.
    """
    where = window_words(window)
    if not secret.is_for(window.wm_class, window.title):
        raise ToolError(
            f"The secret “{secret.name}” is for {secret.place}, but {where} has the keyboard. "
            "Nothing was typed.",
            shown=f"Not done: the secret “{secret.name}” is for {secret.place}.",
        )
    node = focus.node
    if hidden is None and not _in_field(window, focus):
        name = f"{quoted(node.name)} in {where}" if node is not None and node.name else where
        raise ToolError(
            "A secret goes only into a password field, or to a program in a terminal that does not "
            f"show what is typed; {name} is not known to be one. Nothing was typed.",
            shown="Not done: a secret goes only into a password field.",
        )


def typed(secret: Secret, window: Window, now: Focus, hidden: Hidden | None) -> str:
    """What is known after it was typed."""
    where, name = window_words(window), f"the secret “{secret.name}”"
    if hidden is not None:
        return (
            f"Typed {name} for the program in {where} that does not show what is "
            f"typed{hidden.quoted}; not read back."
        )
    if _in_field(window, now):
        return f"Typed {name} into a password field of {where}, not read back."
    return f"Sent {name} to {where}. The password field has lost the keyboard."


def _in_field(window: Window, focus: Focus) -> bool:
    return focus.node is not None and focus.node.role == FIELD and focus.is_in(window)
