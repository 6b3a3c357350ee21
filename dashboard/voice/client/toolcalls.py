"""EVI's tool calls, carried out on the session and answered at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent.sanitize import NotJson, read_json

if TYPE_CHECKING:
    from dashboard.voice.client.dispatcher import Dispatcher


class ToolCalls:
    """Dispatches ``tool_call`` messages; a repeated id is answered as it was the first time."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._answered: dict[str, dict[str, Any]] = {}
        self._table: dict[str, Callable[[dict[str, str]], str]] = {
            "use_computer": lambda given: dispatcher.use_computer(given["task"]),
            "steer_computer": lambda given: dispatcher.steer_computer(given["instruction"]),
            "computer_status": lambda _: dispatcher.computer_status(),
            "stop_computer": lambda _: dispatcher.stop_computer(),
            "answer_agent": lambda given: dispatcher.answer_agent(
                given["question_id"], given["answer"]
            ),
        }

    def handle(self, call: dict[str, Any]) -> dict[str, Any]:
        """The EVI message that answers ``call``: a ``tool_response`` or ``tool_error``."""
        call_id = str(call.get("tool_call_id", ""))
        if call_id not in self._answered:
            self._answered[call_id] = self._carry_out(call_id, call)
        return self._answered[call_id]

    def _carry_out(self, call_id: str, call: dict[str, Any]) -> dict[str, Any]:
        action = self._table.get(str(call.get("name")))
        if action is None:
            return _error(call_id, "unknown_tool", "There is no such tool.")
        try:
            given = read_json(call.get("parameters") or "{}")
            said = action({key: str(value) for key, value in given.items()})
        except (NotJson, AttributeError, KeyError, TypeError):
            return _error(
                call_id, "bad_parameters", "I did not get what to do. Please say it again."
            )
        content = json.dumps({"status": "ok", "say": said})
        return {"type": "tool_response", "tool_call_id": call_id, "content": content}


def _error(call_id: str, code: str, words: str) -> dict[str, Any]:
    return {
        "type": "tool_error",
        "tool_call_id": call_id,
        "error": code,
        "code": code,
        "level": "warn",
        "content": words,
    }
