"""Server-side context management: clearing of old tool results, and compaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.testing.messages_accounting import Segment

_CLEARED = Segment(hashlib.sha256(b"cleared").digest(), 12, "")


@dataclass(frozen=True, slots=True)
class Managed:
    """A prompt after the edits; ``report`` is the answer's ``context_management``.

    ``compaction`` is the block that begins the answer when the prompt was summarised, and
    ``compacted`` what that cost.
    """

    prompt: list[Segment]
    report: dict[str, Any] | None = None
    compaction: dict[str, Any] | None = None
    compacted: dict[str, Any] | None = None


def manage(body: Mapping[str, Any], prompt: list[Segment]) -> Managed:
    """Apply a request's ``context_management.edits`` to its prompt."""
    edits = (body.get("context_management") or {}).get("edits") or ()
    applied: list[dict[str, Any]] = []
    for edit in edits:
        total = sum(segment.tokens for segment in prompt)
        if total <= _limit(edit):
            continue
        if edit["type"] == "compact_20260112":
            return _compact(prompt, total, applied)
        prompt, report = _clear(prompt, edit)
        applied += report
    return Managed(prompt, {"applied_edits": applied} if edits else None)


def _limit(edit: Mapping[str, Any]) -> int:
    default = 150_000 if edit["type"] == "compact_20260112" else 100_000
    return int((edit.get("trigger") or {}).get("value", default))


def _clear(
    prompt: Sequence[Segment], edit: Mapping[str, Any]
) -> tuple[list[Segment], list[dict[str, Any]]]:
    keep = int((edit.get("keep") or {}).get("value", 3))
    results = [i for i, segment in enumerate(prompt) if segment.result]
    old = set(results[: max(0, len(results) - keep)])
    freed = sum(prompt[i].tokens - _CLEARED.tokens for i in old)
    if not old or freed < int((edit.get("clear_at_least") or {}).get("value", 0)):
        return list(prompt), []
    cleared = [_CLEARED if i in old else segment for i, segment in enumerate(prompt)]
    report = {"type": edit["type"], "cleared_tool_uses": len(old), "cleared_input_tokens": freed}
    return cleared, [report]


def _compact(prompt: list[Segment], total: int, applied: list[dict[str, Any]]) -> Managed:
    summary = f"Summary of {total} tokens of conversation."
    cost = {
        "type": "compaction",
        "input_tokens": total,
        "output_tokens": len(summary) // 4,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
    }
    block = {"type": "compaction", "content": summary}
    kept = [segment for segment in prompt if segment.static]
    return Managed(kept, {"applied_edits": applied}, block, cost)
