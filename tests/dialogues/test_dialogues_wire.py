"""Whole dialogues without a browser: the raw protocol, real ears, real voice, real desktop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import voices
from dialogue import Dialogue, Player, load
from wire import Wire

from agent.desktop.server.starts import Hands
from agent.desktop.server.watching import WatchesPrograms
from agent.record import events as ev

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.speech,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


ELSEWHERE = [dialogue for dialogue in load(Path(__file__).parent) if not dialogue.browser]
"""What is spoken at the page need not be spoken here too."""


@pytest.mark.parametrize("dialogue", ELSEWHERE, ids=lambda d: d.title)
async def test_dialogue(wire: Wire, dialogue: Dialogue):
    """Each step comes true."""
    await Player(wire).play(dialogue)


async def test_a_program_is_asked_about_aloud_and_answered_by_voice(wire: Wire):
    """The question is heard; a spoken no keeps it from starting, the phrase lets it start."""
    steps = [{"type": "Open the terminal"}, {"expect": {"task_finished": {"outcome": "done"}}}]
    opened = Dialogue.model_validate({"title": "a terminal", "steps": steps})
    await Player(wire).play(opened)
    log, desktop = wire.session.log, wire.session.desktop
    assert isinstance(desktop, WatchesPrograms)
    for words, decision in (("No.", "deny"), ("Yes, start it.", "allow")):
        await Player(wire).quiet()
        since = len(log)
        assert desktop.watch is not None
        act = desktop.watch.hands.act + 1  # each line is typed by another act of the agent's hands
        desktop.watch.hands = Hands(act=act, line=act)
        await desktop.input.type(f"touch {decision}\n")
        asked = await log.wait_for(
            lambda e: isinstance(e, ev.ApprovalAsked), since=since, timeout=60
        )
        assert isinstance(asked, ev.ApprovalAsked)
        assert asked.rule == "program"
        line = await log.wait_for(_heard_question, since=since, timeout=60)
        assert isinstance(line, ev.Narrated)
        assert "wants to start" in wire.sound_of(line.text).lower()
        await asyncio.sleep(1.0)  # sooner than this it could be the question's own echo
        await wire.say(voices.speech(words, "heart"))
        decided = await log.wait_for(
            lambda e: isinstance(e, ev.ApprovalDecided), since=since, timeout=60
        )
        assert isinstance(decided, ev.ApprovalDecided)
        assert (decided.decision, decided.channel) == (decision, "voice")
    async with asyncio.timeout(60):
        while not (desktop.home / "allow").exists():
            await asyncio.sleep(0.05)
    assert not (desktop.home / "deny").exists()


def _heard_question(event: ev.Event) -> bool:
    narrated = isinstance(event, ev.Narrated) and event.priority == "question"
    return narrated and event.state == "heard"
