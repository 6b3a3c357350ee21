"""The messages that a model is sent, from a whole log."""

from __future__ import annotations

from collections.abc import Iterable

from agent.models.base import Message
from agent.record.events import Event
from agent.session.history import History, ImageLoader


def build_messages(events: Iterable[Event], load_image: ImageLoader) -> list[Message]:
    """Those of a whole log."""
    history = History(load_image)
    for event in events:
        history.add(event)
    return history.messages()
