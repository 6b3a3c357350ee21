"""The two small panes beside the desktop: the conversation, and the bar to act with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from dashboard.notebook.relay import HERE, Later, NotebookWidget

Message = dict[str, Any]


class ConversationWidget(NotebookWidget):
    """The page's conversation; the browser asks for the whole of it when it appears.

    Args:
        later: Has a function called on the session's loop.
        snapshot: All that was said and done so far, as operations.
        act: Carries out what the person answers.
    """

    _esm = HERE / "conversation.bundle.js"

    def __init__(
        self,
        later: Later,
        snapshot: Callable[[], list[Message]],
        act: Callable[[Message], None],
    ) -> None:
        self._snapshot, self._act = snapshot, act
        self._ready = False
        super().__init__(later, self._take)
        self.add_class("sayso-pane")

    def follow(self, operations: list[Message]) -> None:
        """Show what changed."""
        if operations and self._ready:
            self.send({"operations": operations})

    def _take(self, content: Any, buffers: list[Any]) -> None:
        if not isinstance(content, dict):
            return
        if content.get("type") == "ready":
            self._ready = True
            self.send({"reset": True, "operations": self._snapshot()})
        else:
            self._act(content)


class BarWidget(NotebookWidget):
    """Who has the mouse, what it cost, a line to type in, Stop, and the mouse to be taken.

    Args:
        later: Has a function called on the right loop.
        act: Carries out what the person presses: `say` with `text`, `stop`, `take`, `give`.

    ``{"refused": text}`` gives words that could not be taken back to the line that they came from.
    """

    _esm = HERE.parent / "embed" / "bar.bundle.js"

    who = traitlets.Unicode("idle").tag(sync=True)
    detail = traitlets.Unicode("").tag(sync=True)
    usage = traitlets.Unicode("").tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    able = traitlets.Bool(True).tag(sync=True)
    talks = traitlets.Bool(True).tag(sync=True)
    dictating = traitlets.Bool(False).tag(sync=True)
    """Whether what is said is typed as it is said."""

    def __init__(self, later: Later, act: Callable[[Message], None], **traits: Any) -> None:
        super().__init__(
            later, lambda content, _: act(content) if isinstance(content, dict) else None, **traits
        )
