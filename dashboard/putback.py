"""Putting files back, for a page: what it would do, and the doing, as small messages.

The browser asks with ``put_back_look`` and ``put_back``; the answers have one field,
``put_back``, and go to the same page only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agent.errors import SaysoError
from agent.files.changes import Change, Changes
from agent.session.files import SessionFiles

Message = dict[str, Any]
MOST = 200
"""Changes of each kind that a page lists; counts are of all."""

_LONGEST = 4096


class PutBackDesk:
    """Answers one page.

    Args:
        files: the session's.
        post: sends a message to the browser.
    """

    def __init__(self, files: SessionFiles, post: Callable[[Message], None]) -> None:
        self._files = files
        self._post = post

    async def look(self, message: Message) -> None:
        """Show what putting a task back would do."""
        task_id = _id(message)
        refusal = self._files.refusal()
        try:
            told = self._shown(await self._files.changes(task_id)) | {"refusal": refusal}
        except SaysoError as error:
            told = {"error": str(error)}
        self._post({"put_back": {"id": task_id, **told}})

    async def put_back(self, message: Message) -> None:
        """Do what was shown, and what was chosen of the conflicts."""
        task_id, chosen = _id(message), message.get("choose", [])
        keys = [str(key)[:_LONGEST] for key in chosen] if isinstance(chosen, list) else []
        token = str(message.get("token", ""))[:100]
        try:
            done = await self._files.put_back(task_id, choose=keys, token=token)
        except SaysoError as error:
            told: Message = {"error": str(error)}
        else:
            told = {"done": True, "text": done.text, "failed": [f.why for f in done.failed]}
        self._post({"put_back": {"id": task_id, **told}})

    def _shown(self, plan: Changes) -> Message:
        return {
            "token": plan.token,
            "summary": plan.summary,
            "notes": list(plan.notes),
            "ready": _listed(plan.ready),
            "conflicts": _listed(plan.conflicts),
            "lost": _listed(plan.lost),
            "counts": [len(plan.ready), len(plan.conflicts), len(plan.lost)],
            "use": self._files.use,
        }


def _id(message: Message) -> str:
    return str(message.get("id", ""))[:100]


def _listed(changes: Sequence[Change]) -> list[Message]:
    return [
        {
            "key": change.key,
            "name": change.shown,
            "what": change.what,
            "does": change.does,
            "folder": change.kind == "folder",
            "why": change.conflict or change.lost,
        }
        for change in changes[:MOST]
    ]
