"""What the service remembers of the answers that it gave: what has to come back with a call.

Thinking that led to a call is replayed byte for byte, empty blocks included; and with
``between_tools`` the effort of the first answer stays for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]

_THINKING = ("thinking", "redacted_thinking")


@dataclass(frozen=True, slots=True)
class _Given:
    """What stood directly before a call, and what effort had been asked for."""

    thoughts: tuple[Block, ...]
    effort: str | None


class Memory:
    """Calls that were given out, by id. Ids that it never saw are somebody else's affair."""

    def __init__(self) -> None:
        self._given: dict[str, _Given] = {}

    def keep(self, body: Mapping[str, Any], answer: Sequence[Block]) -> None:
        """Remember an answer to ``body``."""
        for call, thoughts in _calls(answer):
            self._given[call] = _Given(thoughts, _effort(body))

    def problems(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Where a request does not replay what was answered."""
        between = (body.get("thinking") or {}).get("type") == "between_tools"
        for i, message in enumerate(body["messages"]):
            content = message["content"]
            for call, thoughts in _calls(content if isinstance(content, list) else ()):
                given = self._given.get(call)
                if given is None:
                    continue
                if thoughts != given.thoughts:
                    yield (
                        f"messages.{i}: the thinking blocks before tool_use {call} must be sent "
                        "back as they were given"
                    )
                if between and given.effort != _effort(body):
                    yield (
                        "output_config.effort: with between_tools it cannot change within a "
                        f"conversation, which began with {given.effort}"
                    )


def _calls(blocks: Iterable[Block]) -> Iterator[tuple[str, tuple[Block, ...]]]:
    thoughts: list[Block] = []
    for block in blocks:
        if block["type"] in _THINKING:
            thoughts.append({k: v for k, v in block.items() if k != "cache_control"})
        elif block["type"] == "tool_use":
            yield str(block["id"]), tuple(thoughts)
            thoughts = []


def _effort(body: Mapping[str, Any]) -> str | None:
    effort: str | None = (body.get("output_config") or {}).get("effort")
    return effort
