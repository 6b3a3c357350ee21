"""What came of the tools that the person ran by hand: a reduction of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from agent.record import events as ev
from agent.session.manual import BY_HAND
from dashboard.describe import describe

KEPT = 20
_OUTPUT = 8000

Result = dict[str, Any]


class Results:
    """The latest actions by hand, each with its state; feed it every event in order."""

    def __init__(self, image_url: Callable[[str], str]) -> None:
        self._image_url = image_url
        self._results: dict[str, Result] = {}

    def __bool__(self) -> bool:
        return bool(self._results)

    def listed(self) -> list[Result]:
        """The newest first."""
        return [dict(result) for result in reversed(self._results.values())]

    def add(self, event: ev.Event) -> bool:
        """Take one event in; whether it changed anything."""
        match event:
            case ev.ActionProposed(turn_id=turn) if turn == BY_HAND:
                return self._begin(event)
            case ev.ApprovalDecided():
                return self._decided(event)
            case _:
                result = self._results.get(getattr(event, "action_id", ""))
                return result is not None and self._more(result, event)

    def _begin(self, event: ev.ActionProposed) -> bool:
        self._results[event.action_id] = {
            "id": event.action_id,
            "title": describe(event),
            "name": event.name,
            "state": "waiting",
            "at": event.at,
            "text": "",
        }
        while len(self._results) > KEPT:
            self._results.pop(next(iter(self._results)))
        return True

    def _more(self, result: Result, event: ev.Event) -> bool:
        match event:
            case ev.ApprovalAsked():
                asked = {"id": event.approval_id, "question": event.question}
                result |= {"state": "asked", "asked": asked}
            case ev.ActionStarted():
                result |= {"state": "running", "asked": None}
            case ev.ActionOutput():
                result["text"] = (result["text"] + event.text)[-_OUTPUT:]
            case ev.ActionFinished():
                state = "failed" if event.is_error else "done"
                result |= {"state": state if event.ran else "refused", "asked": None}
                result |= {"seconds": event.seconds, "text": event.text[:_OUTPUT]}
                self._picture(result, event.image)
            case ev.ScreenSeen():
                self._picture(result, event.image)
            case _:
                return False
        return True

    def _picture(self, result: Result, image: ev.Image | None) -> None:
        if image is not None:
            size = [image.width, image.height]
            result |= {"image": self._image_url(image.sha256), "size": size}

    def _decided(self, event: ev.ApprovalDecided) -> bool:
        waiting: Iterable[Result] = self._results.values()
        for result in waiting:
            if (result.get("asked") or {}).get("id") == event.approval_id:
                result |= {"state": "waiting", "asked": None}
                return True
        return False
