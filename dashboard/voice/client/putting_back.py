"""Files put back by word: what it would do is asked first, a yes does it, the result is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from agent.errors import SaysoError
from agent.files.changes import Change, Changes
from dashboard.voice.intents import is_no, is_yes

if TYPE_CHECKING:
    from agent.session.session import Session

_NAMED = 3
"""Files that a question names; more are counted."""

UNTOUCHED = "Nothing was put back."
UNCLEAR = (
    "Nothing was put back, for that was neither a yes nor a no. Use the button “Put the files "
    "back…” to choose among them."
)
ASKING = "I have asked you already. Answer yes or no."


class PuttingBack:
    """Puts a session's files back for somebody who talks or types.

    Args:
        tell: answers an utterance, in the conversation and aloud.
        aloud: says what the conversation shows by itself.
    """

    def __init__(
        self, session: Session, tell: Callable[[str, str], None], aloud: Callable[[str], None]
    ) -> None:
        self._session = session
        self._tell = tell
        self._aloud = aloud
        self._work: asyncio.Task[None] | None = None

    def begin(self, what: Literal["put_back", "undo_put_back"], utterance: str) -> None:
        """Look, and ask; returns at once."""
        if self._work is not None and not self._work.done():
            self._tell(ASKING, utterance)
            return
        self._work = asyncio.get_running_loop().create_task(
            self._go(what, utterance), name="put back by word"
        )

    async def _go(self, what: str, utterance: str) -> None:
        files = self._session.files
        try:
            if refusal := files.refusal():
                self._tell(refusal, utterance)
                return
            task_id = files.last_put_back() if what == "undo_put_back" else None
            plan = await files.changes(task_id)
            if not plan.ready:
                self._tell(_nothing(plan), utterance)
            elif refusal := files.refusal():  # a task began meanwhile
                self._tell(refusal, utterance)
            else:
                await self._ask(plan, utterance, undo=task_id is not None)
        except SaysoError as error:
            self._tell(str(error), utterance)

    async def _ask(self, plan: Changes, utterance: str, *, undo: bool) -> None:
        answer = await self._session.ask(question(plan, undo=undo))
        if is_yes(answer):
            done = await self._session.files.put_back(plan.task_id, token=plan.token)
            self._aloud(done.text)
        elif answer:
            self._tell(UNTOUCHED if is_no(answer) else UNCLEAR, utterance)


def question(plan: Changes, *, undo: bool = False) -> str:
    """What is asked before files are put back: all that would be done, and what would not."""
    what = "Undo putting the files back?" if undo else "Put the files back?"
    parts = [what, _sentence(plan.ready)]
    parts += [f"Kept: {change.conflict}" for change in plan.conflicts[:_NAMED]]
    if (more := len(plan.conflicts) - _NAMED) > 0:
        parts.append(f"{more} more were changed since and are kept.")
    parts += [change.lost for change in plan.lost[:_NAMED]]
    if (more := len(plan.lost) - _NAMED) > 0:
        parts.append(f"{more} more cannot be put back.")
    return " ".join(parts)


def _sentence(changes: Sequence[Change]) -> str:
    named = [f"“{change.shown}” {change.does}" for change in changes[:_NAMED]]
    if (more := len(changes) - _NAMED) > 0:
        named.append(f"{more} more are put back")
    *first, last = named
    return (f"{', '.join(first)} and {last}" if first else last) + "."


def _nothing(plan: Changes) -> str:
    """Why there is nothing to ask about."""
    if plan.conflicts:
        return f"{plan.summary} To choose, use the button “Put the files back…”."
    return plan.summary
