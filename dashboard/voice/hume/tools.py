"""The five tools by which EVI's own language model reaches the computer."""

from __future__ import annotations

import json
from typing import Any

_TOOLS: tuple[tuple[str, str, dict[str, str], str], ...] = (
    (
        "use_computer",
        (
            "Start a task on the computer. Give the person's request in full, in their words. "
            "It returns at once; progress is told to you as context. While a task runs, it is "
            "done after it."
        ),
        {"task": "What the person wants done, complete and unchanged in meaning."},
        "The computer is not reachable right now.",
    ),
    (
        "steer_computer",
        "Correct, redirect or add to the task that is running now.",
        {"instruction": "The person's correction or addition, in their words."},
        "I could not pass that on to the computer.",
    ),
    (
        "computer_status",
        "What the computer is doing now and what it did last. Use it for any such question.",
        {},
        "I do not know what the computer is doing right now.",
    ),
    (
        "stop_computer",
        "Stop whatever the computer is doing, at once.",
        {},
        "I could not stop the computer; please press Escape.",
    ),
    (
        "answer_agent",
        "Pass on the person's answer to a question or approval that is waiting.",
        {
            "question_id": "The id of the waiting question, from the context.",
            "answer": "What the person answered, word for word.",
        },
        "I could not pass on the answer.",
    ),
)


def tool_definitions() -> list[dict[str, Any]]:
    """The tools as EVI takes them: ``parameters`` is a JSON schema written as a string."""
    return [
        {
            "type": "function",
            "name": name,
            "description": description,
            "parameters": json.dumps(_schema(arguments), sort_keys=True),
            "fallback_content": fallback,
        }
        for name, description, arguments, fallback in _TOOLS
    ]


def _schema(arguments: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": text} for name, text in arguments.items()
        },
        "required": list(arguments),
    }
