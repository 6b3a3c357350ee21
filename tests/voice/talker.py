"""A session that one talks to, without a page and without EVI."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from agent.record.events import Event, Understood
from agent.session.session import Session
from dashboard.conductor import Conductor
from dashboard.voice.hume import OfflineVoice

PATIENCE = 20.0
"""Seconds to wait for what must happen: generous, for slow machines."""


class Talk:
    """A session that one talks to: the page's widget and EVI, played by the test."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.log = session.log
        self.posted: list[dict[str, Any]] = []
        self.conductor = Conductor(session, OfflineVoice(lambda: "ticket"))
        self.conductor.attach(self)
        self.utterances = 0

    def post(self, message: dict[str, Any]) -> None:
        self.posted.append(message)

    def event(self, kind: str, **fields: Any) -> None:
        self.conductor.handle([{"type": kind, **fields}], self)

    def connect(self) -> None:
        self.event("local.state", state="ready")
        self.event("chat_metadata", chat_id="c", chat_group_id="g")

    def interim(self, text: str) -> None:
        self._user_message(text, interim=True)

    def final(self, text: str) -> Understood:
        """Say it and return what was made of it; the front desk is not asked."""
        self._user_message(text, interim=False)
        return self.log.of(Understood)[-1]

    def ask(self, tool: str, **arguments: str) -> dict[str, Any]:
        """EVI's model calls a tool; returns what it was told."""
        call_id = f"call{len(self.posted)}"
        parameters = json.dumps(arguments)
        self.event("tool_call", tool_call_id=call_id, name=tool, parameters=parameters)
        return self.evi("tool_response", "tool_error")[-1]

    def spoken_task(self, text: str) -> None:
        """The whole way of a spoken instruction in tool mode."""
        self.final(text)
        self.ask("use_computer", task=text)

    def evi(self, *kinds: str) -> list[dict[str, Any]]:
        messages = [m["message"] for m in self.posted if m["type"] == "evi"]
        return [m for m in messages if m["type"] in kinds]

    @property
    def said(self) -> list[str]:
        return [m["text"] for m in self.evi("assistant_input")]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.log]

    async def until(self, matches: Callable[[Event], bool], since: int = 0) -> Event:
        return await self.log.wait_for(matches, since=since, timeout=PATIENCE)

    def _user_message(self, text: str, *, interim: bool) -> None:
        self.event(
            "user_message",
            interim=interim,
            from_text=False,
            message={"role": "user", "content": text},
            models={},
            time={"begin": 0, "end": 1},
        )
