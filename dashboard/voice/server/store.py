"""What the server remembers: chats, their groups and events; configs, prompts and tools.

In memory, for as long as the server runs, and bounded.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid4, uuid5

from pydantic import BaseModel

from dashboard.voice.server.config import ChatConfig
from dashboard.voice.server.messages import Message, Tool

_MOST_CHATS: Final = 500
_MOST_EVENTS: Final = 5_000
_LARGEST_CHAT: Final = 16 << 20
"""Letters in the events of one chat; what comes then is not kept."""
_ALL_CHATS: Final = 64 << 20
"""Letters in the events of all chats, beyond which the oldest are forgotten."""
_MOST_VERSIONS: Final = 500
"""Of all documents of a kind together."""
VOICES: Final = (
    {"id": "5f1bd7c0-6d2e-4a0e-9b39-0f1e8a4f6d01", "name": "Heart", "provider": "HUME_AI"},
)
"""What the offline mouth can speak with; other voices may be named, and sound like it."""

Row = dict[str, Any]


class _Reference(BaseModel):
    id: str
    version: int | None = None


class _Prompt(BaseModel):
    id: str | None = None
    version: int | None = None
    text: str = ""


class _References(BaseModel):
    """What a config names of other things."""

    tools: list[_Reference] | None = None
    prompt: _Prompt | None = None
    voice: dict[str, str | None] | None = None


def now_ms() -> int:
    """Unix time in milliseconds, as Hume's REST uses."""
    return int(time.time() * 1000)


@dataclass(slots=True)
class ChatRecord:
    """One chat as REST shows it."""

    id: str
    group_id: str
    config: ChatConfig
    started: int = field(default_factory=now_ms)
    ended: int | None = None
    status: str = "ACTIVE"
    events: list[Row] = field(default_factory=list)
    custom_session_id: str | None = None
    size: int = 0
    """Letters in its events."""

    def add(self, kind: str, role: str, text: str | None = None, metadata: Any = None) -> None:
        """Append an event, while there is room."""
        written = None if metadata is None else json.dumps(metadata)
        size = len(text or "") + len(written or "")
        if len(self.events) < _MOST_EVENTS and self.size + size <= _LARGEST_CHAT:
            event: Row = {"id": str(uuid4()), "chat_id": self.id, "timestamp": now_ms()}
            event |= {"role": role, "type": kind, "message_text": text, "metadata": written}
            self.events.append(event)
            self.size += size

    def end(self, status: str) -> None:
        """The socket is closed."""
        if self.ended is None:
            self.add("CHAT_END_MESSAGE", "SYSTEM", status)
            self.ended, self.status = now_ms(), status

    def row(self) -> Row:
        """As in ``GET /v0/evi/chats``."""
        config = self.config
        return {
            "id": self.id,
            "chat_group_id": self.group_id,
            "start_timestamp": self.started,
            "end_timestamp": self.ended,
            "status": self.status,
            "event_count": len(self.events),
            "metadata": None,
            "config": {"id": config.id, "version": config.version} if config.id else None,
        }


class Chats:
    """All chats, oldest first; the oldest that have ended are forgotten."""

    def __init__(self) -> None:
        self._chats: OrderedDict[str, ChatRecord] = OrderedDict()

    def begin(self, config: ChatConfig, group_id: str | None) -> ChatRecord:
        """A new chat, in ``group_id`` or in a group of its own."""
        record = ChatRecord(str(uuid4()), group_id or str(uuid4()), config)
        self._chats[record.id] = record
        size = sum(r.size for r in self._chats.values())
        for old in [r for r in self._chats.values() if r.ended]:
            if len(self._chats) <= _MOST_CHATS and size <= _ALL_CHATS:
                break
            size -= old.size
            del self._chats[old.id]
        return record

    def get(self, chat_id: str) -> ChatRecord | None:
        """The chat of that id."""
        return self._chats.get(chat_id)

    def all(self) -> list[ChatRecord]:
        """Oldest first."""
        return list(self._chats.values())

    def group(self, group_id: str) -> list[ChatRecord]:
        """A group's chats, oldest first; empty if there is no such group."""
        return [record for record in self._chats.values() if record.group_id == group_id]


class Versioned:
    """One REST resource: documents by id, each with versions from 0; the oldest are forgotten."""

    def __init__(self, fixed: Row | None = None) -> None:
        self._fixed = fixed or {}
        self._documents: dict[str, list[Row]] = {}

    def create(self, body: Row) -> Row:
        """Version 0 of a new document."""
        return self._append(str(uuid4()), body["name"], body)

    def revise(self, key: str, body: Row) -> Row | None:
        """The next version of document ``key``."""
        versions = self._documents.get(key)
        return self._append(key, versions[-1]["name"], body) if versions else None

    def _append(self, key: str, name: str, body: Row) -> Row:
        versions = self._documents.setdefault(key, [])
        number = versions[-1]["version"] + 1 if versions else 0
        created = versions[0]["created_on"] if versions else now_ms()
        row = body | self._fixed | {"id": key, "name": name, "version": number}
        row |= {"created_on": created, "modified_on": now_ms()}
        row.setdefault("version_description", None)
        versions.append(row)
        while sum(map(len, self._documents.values())) > _MOST_VERSIONS:
            oldest = next(iter(self._documents))
            self.delete(oldest, self._documents[oldest][0]["version"])
        return row

    def rename(self, key: str, name: str) -> bool:
        """Whether there was such a document."""
        for row in self._documents.get(key, []):
            row["name"] = name
        return key in self._documents

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget a document, or one version of it; whether it was there."""
        versions = self._documents.get(key, [])
        kept = [] if version is None else [v for v in versions if v["version"] != version]
        found = len(kept) < len(versions)
        self._documents[key] = kept
        if not kept:
            del self._documents[key]
        return found

    def versions(self, key: str) -> list[Row]:
        """All versions, newest first."""
        return self._documents.get(key, [])[::-1]

    def version(self, key: str, number: int | None = None) -> Row | None:
        """One version, the newest by default."""
        rows = self.versions(key)
        return next((r for r in rows if number is None or r["version"] == number), None)

    def newest(self, name: str | None = None) -> list[Row]:
        """Each document's newest version, newest first."""
        rows = [versions[-1] for versions in self._documents.values()][::-1]
        return [row for row in rows if name is None or row["name"] == name]

    def every(self, name: str | None = None) -> list[Row]:
        """Each version of each document."""
        return [r for row in self.newest(name) for r in self.versions(row["id"])]


def _voice(given: Row | None) -> Row | None:
    """A voice named by id or by name, with both."""
    if not given:
        return None
    for known in VOICES:
        if given.get("id") == known["id"] or given.get("name") == known["name"]:
            return dict(known)
    name = str(given.get("name") or given.get("id"))
    made = {"id": str(uuid5(NAMESPACE_URL, name)), "name": name, "provider": "CUSTOM_VOICE"}
    return made | {key: value for key, value in given.items() if value}


class Store:
    """Everything that REST reaches."""

    def __init__(self) -> None:
        self.chats = Chats()
        self.tools = Versioned({"tool_type": "FUNCTION", "version_type": "FIXED"})
        self.prompts = Versioned({"version_type": "FIXED"})
        self.configs = Versioned()

    def config(self, key: str, version: int | None = None) -> ChatConfig | None:
        """A stored config as a chat uses it, its tools looked up."""
        row = self.configs.version(key, version)
        return None if row is None else self._used(row)

    def _used(self, row: Row) -> ChatConfig:
        tools = [Tool.model_validate(t | {"type": "function"}) for t in row.get("tools") or ()]
        return ChatConfig.of(row | {"tools": tools})

    def complete(self, body: Row) -> Row:
        """A config's references to tools and prompts, replaced by the things themselves.

        Raises:
            ValueError: it is no config that a chat could use.
        """
        given = _References.model_validate(body)
        out: Row = dict(body)
        tools = [self.tools.version(ref.id, ref.version) for ref in given.tools or ()]
        out["tools"] = [tool for tool in tools if tool is not None]
        out["prompt"] = self._prompt(given.prompt)
        out["voice"] = _voice(body.get("voice"))
        self._used(out)
        return out

    def _prompt(self, given: _Prompt | None) -> Row | None:
        if given is None:
            return None
        if given.id is not None:
            return self.prompts.version(given.id, given.version)
        now = now_ms()
        made: Message = {"id": str(uuid4()), "version": 0, "version_type": "FIXED"}
        return made | {"name": "", "text": given.text, "created_on": now, "modified_on": now}
