"""What the offline EVI remembers stays bounded, however much it is told."""

from __future__ import annotations

import json

from hearing import ScriptedSpeech

from dashboard.voice.server.config import ChatConfig
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.server.store import Chats, Versioned

LONG = "a" * (1 << 20)


def test_a_chat_keeps_no_more_than_its_room() -> None:
    """What comes then is lost, and the chat goes on."""
    record = Chats().begin(ChatConfig(), None)
    for _ in range(40):
        record.add("USER_MESSAGE", "USER", LONG)
        record.add("SESSION_SETTINGS", "SYSTEM", metadata={"text": LONG})
    kept = sum(len(e["message_text"] or "") + len(e["metadata"] or "") for e in record.events)
    assert 12 << 20 < kept <= 16 << 20
    record.add("USER_MESSAGE", "USER", "short")
    assert record.events[-1]["message_text"] == "short"


def test_old_chats_make_room_for_new_ones() -> None:
    """Those that have ended, the oldest first."""
    chats = Chats()
    made = [chats.begin(ChatConfig(), None) for _ in range(2)]
    running = made[0]
    for _ in range(40):
        record = chats.begin(ChatConfig(), None)
        for _ in range(10):
            record.add("USER_MESSAGE", "USER", LONG)
        record.end("USER_ENDED")
        made.append(record)
    kept = chats.all()
    assert sum(record.size for record in kept) <= 80 << 20
    assert kept[0] is running
    assert kept[-3:] == made[-3:]


def test_old_documents_make_room_for_new_ones() -> None:
    """Also the old versions of one."""
    many, revised = Versioned(), Versioned()
    rows = [many.create({"name": f"n{number}"}) for number in range(600)]
    assert [row["name"] for row in many.newest()] == [row["name"] for row in rows[:99:-1]]
    first = revised.create({"name": "one"})
    for _ in range(600):
        revised.revise(first["id"], {"text": "again"})
    numbers = [row["version"] for row in revised.versions(first["id"])]
    assert numbers == list(range(600, 100, -1))


class Listener:
    """A socket that is only written to."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def send(self, text: str) -> None:
        self.told.append(text)

    def close(self, code: int, reason: str) -> None:
        """There is nothing to close."""


async def test_who_joins_a_long_chat_gets_the_end_of_it() -> None:
    """What is kept for them has its bound, whatever the chat is told."""
    evi, late = OfflineEvi(speech=ScriptedSpeech()), Listener()
    live = evi.begin(Listener())
    for number in range(60):
        live.frame(json.dumps({"type": "user_input", "text": f"{number} {LONG}"}))
    live.join(late)
    assert 40 << 20 < sum(map(len, late.told)) <= 48 << 20
    words = [json.loads(text)["message"]["content"] for text in late.told]
    assert words[-1].startswith("59 ")
    await evi.close()
