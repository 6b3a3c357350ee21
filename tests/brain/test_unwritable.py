"""A journal that cannot be written: words are refused, nothing is done, and it goes on later."""

from __future__ import annotations

import pytest

from agent import events as ev
from agent.errors import JournalError
from agent.session import Session
from agent.testing.memory import MemorySessionJournal
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done, says


class FullJournal(MemorySessionJournal):
    """Refuses while ``full``."""

    full = False

    def write(self, event: ev.Event) -> None:
        if self.full:
            raise JournalError("The journal cannot be written; free some disk space.")
        super().write(event)


async def test_words_that_cannot_be_written_down_halt_the_hands_until_there_is_room(settings):
    journal, desktop, told = FullJournal(), FakeDesktop(), []
    model = ScriptedModel([[*says("Here I am."), *done()]])
    session = Session(settings, "one", journal, desktop=desktop, model=model, tools=(FakeTool(),))
    session.on_trouble.append(told.append)
    await session.open()
    journal.full = True
    with pytest.raises(JournalError):
        session.say("Hello")
    assert desktop.input.halted
    assert "free some disk space" in session.trouble
    journal.full = False
    session.say("Hello again")
    await session.wait_idle(20)
    assert not desktop.input.halted
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
    assert [bool(text) for text in told] == [True, False]
    await session.close()
