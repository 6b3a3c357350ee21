"""What became of each thing that the person said, as marks on the items of the conversation.

A mark says it in words; *choices* are what a person can decide otherwise with one press. The
task's own item names what comes after it and what joined it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.record import events as e
from dashboard.words import marked, t

Item = dict[str, Any]
Said = e.UserMessage | e.TaskQueued | e.TaskStarted
Choices = list[tuple[str, str]]

_LONGEST = 60
_AFTER_THE_TASK: Choices = [
    ("redirect", marked("Do it instead")),
    ("join", marked("Add it to this")),
    ("cancel", marked("Forget it")),
]
_AFTER_THE_MOUSE: Choices = [("cancel", marked("Forget it"))]
_ANYWAY: Choices = [("after", marked("Do it after all"))]
_KEPT: Choices = [("after", marked("Do it")), ("cancel", marked("Forget it"))]


class Fates:
    """Marks the items of what the person said, event by event.

    Args:
        item: The item of an utterance, which is made if there is none.
        change: Changes fields of an item by its id.
    """

    def __init__(self, item: Callable[[Said], Item], change: Callable[..., None]) -> None:
        self._item = item
        self._change = change
        self._task: Said | None = None
        self._links: dict[str, str] = {}
        self._waiting: dict[str, e.TaskQueued] = {}
        self._texts: dict[str, str] = {}

    def queued(self, event: e.TaskQueued) -> None:
        """Words wait."""
        self._waiting[event.task_id] = event
        if event.waits_for == "mouse":
            mark, choices = t("Done when you give the mouse back"), _AFTER_THE_MOUSE
        else:
            mark, choices = t("Done after this"), _AFTER_THE_TASK
        self._mark(event, "after", mark, choices)
        self._link(event, t("Then"))

    def unqueued(self, event: e.TaskUnqueued) -> None:
        """Words were taken back, or are kept for later."""
        wish = self._waiting.pop(event.task_id, None)
        if wish is None:
            return
        if event.fate == "cancelled":
            self._mark(wish, "cancelled", t("Not done: you took it back"), _ANYWAY)
        else:
            self._waiting[event.task_id] = wish  # it can still be taken back
            self._mark(wish, "kept", t("Not begun: it waits for your word"), _KEPT)
        self._unlink(wish.utterance_id)

    def started(self, event: e.TaskStarted) -> bool:
        """A task begins; true if it waited before, so that its words stand further up."""
        waited = self._waiting.pop(event.task_id, None)
        self._task, self._links = event, {}
        self._mark(event, "begun" if waited else "", t("Begun") if waited else "", [])
        return waited is not None

    def finished(self) -> None:
        """The task is over."""
        self._task = None

    def told(self, event: e.UserMessage) -> None:
        """Words reach the model: they began the task, cut in, or joined it."""
        for task_id, wish in list(self._waiting.items()):
            if wish.utterance_id == event.utterance_id:
                del self._waiting[task_id]
        self._texts[event.utterance_id] = short(event.text)
        task = self._task
        if task is None or task.utterance_id == event.utterance_id:
            return
        if event.cuts:
            self._cut_in(event)
        else:
            self._mark(event, "join", t("Joined “{task}”", task=short(task.text)), [])
            self._link(event, t("With"))

    def _cut_in(self, event: e.UserMessage) -> None:
        said = [self._texts[each] for each in event.replaces if each in self._texts]
        mark = t("Replaced “{task}”", task=said[0]) if said else t("Done at once")
        self._mark(event, "redirect", mark, [])
        self._unlink(event.utterance_id)
        for each in event.replaces:
            mark = t("Replaced by “{task}”", task=short(event.text))
            told = {"utterance": each, "fate": "replaced", "mark": mark, "choices": _said(_ANYWAY)}
            self._change(f"heard-{each}", **told)

    def _mark(self, event: Said, fate: str, mark: str, choices: Choices) -> None:
        self._texts[event.utterance_id] = short(event.text)
        item = self._item(event)
        if mark or item.get("mark"):
            said = {"utterance": event.utterance_id, "fate": fate}
            self._change(item["id"], **said, mark=mark, choices=_said(choices))

    def _link(self, event: Said, word: str) -> None:
        self._links[event.utterance_id] = f"{word}: {short(event.text)}"
        self._show_links()

    def _unlink(self, utterance_id: str) -> None:
        if self._links.pop(utterance_id, None) is not None:
            self._show_links()

    def _show_links(self) -> None:
        if self._task is not None:
            self._change(f"heard-{self._task.utterance_id}", links=list(self._links.values()))


def _said(choices: Choices) -> Choices:
    return [(to, t(words)) for to, words in choices]


def short(text: str) -> str:
    """On one line, and cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"
