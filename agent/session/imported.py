"""What came with an imported session: shown, but not obeyed.

Whoever made an archive could write anything into its log. So settings, limits, permissions, money
spent and the system prompt in it hold nothing here until a person takes them over, one by one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from agent.prompts import Prompt
from agent.record import events as ev
from agent.record.journal import SqliteJournal
from agent.session.changes import tried_of

_NOTE = "imported"


def mark_imported(folder: Path) -> None:
    """Note that all of a session's log came with an import; no export carries the note."""
    (folder / _NOTE).touch(mode=0o600)


def is_brought(folder: Path) -> bool:
    """Whether nothing of a session's log was written here yet."""
    return (folder / _NOTE).exists()


def take_in(journal: SqliteJournal, now: Callable[[], float] = time.time) -> None:
    """Before an imported session is first resumed, write where its own log begins."""
    if is_brought(journal.folder):
        seq = sum(1 for _ in journal.read())
        journal.write(ev.SessionImported(seq=seq, at=now(), prompt=journal.prompt or ""))
        (journal.folder / _NOTE).unlink()


def own(events: Iterable[ev.Event]) -> list[ev.Event]:
    """The events that were written here: all, or those since the last import."""
    kept: list[ev.Event] = []
    for event in events:
        if isinstance(event, ev.SessionImported):
            kept.clear()
        kept.append(event)
    return kept


def brought(events: Iterable[ev.Event]) -> dict[str, ev.SettingChanged]:
    """The last change of each setting that came with an import, by the setting's name."""
    changes: dict[str, ev.SettingChanged] = {}
    before: dict[str, ev.SettingChanged] = {}
    for event in events:
        if isinstance(event, ev.SettingChanged):
            changes[event.name] = event
        elif isinstance(event, ev.SessionImported):
            before, changes = changes, {}
    return before


def brought_prompt(events: Iterable[ev.Event]) -> Prompt | None:
    """The system prompt that came with an import, if one did."""
    events = list(events)
    came = next((e for e in reversed(events) if isinstance(e, ev.SessionImported)), None)
    if came is None:
        return None
    change = brought(events).get("prompt")
    if change is not None and (tried := tried_of(change)) is not None:
        return Prompt(tried.name, tried.template)
    return Prompt("imported", _literally(came.prompt)) if came.prompt.strip() else None


def _literally(text: str) -> str:
    """A template that comes to this text whatever it holds."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if "{" in text else text
